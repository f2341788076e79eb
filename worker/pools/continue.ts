/** A message to ourselves in `pool-uploads`, beside R2's notifications: an import is to go on. */
export const CONTINUE = "ContinueImport";

/** Has the queue take an import up where it is. Should the message be lost, the next scan does. */
export async function continueImport(env: Pick<Env, "POOL_UPLOADS">, object: string): Promise<void> {
  await env.POOL_UPLOADS.send({ action: CONTINUE, object: { key: object } });
}
