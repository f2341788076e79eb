import { AdminClient } from "./admin-client.ts";
import { Misuse } from "./operator-options.ts";
import { findClaim } from "./state-claim.ts";
import { DEFAULT_STATE } from "./wrangler.ts";

export interface AppAddress {
  readonly origin?: string | undefined;
  readonly accessToken?: string | undefined;
}

export interface FoundApp {
  readonly appOrigin: string;
  /** The admin API as an operator. Rejects with `help` where nothing lets one in. */
  admin(help: string): Promise<AdminClient>;
}

type OperatorValues = Pick<AppAddress, "origin"> & { readonly "access-token"?: string | undefined };

/** The app that a command is for, and what lets an operator in. */
export function addressOf({ origin, "access-token": token }: OperatorValues): AppAddress {
  return { origin, accessToken: token ?? process.env["KUJI_ACCESS_TOKEN"] };
}

/** The admin API, as the operator who gave a command these values. */
export async function findOperator(values: OperatorValues): Promise<AdminClient> {
  return await (await findApp(addressOf(values))).admin("This takes an operator's token: --access-token TOKEN.");
}

/** The app at `origin`, or the running `npm start`, whose sandbox lets an operator in. */
export async function findApp({ origin, accessToken }: AppAddress): Promise<FoundApp> {
  const found = await findClaim(DEFAULT_STATE);
  const claim = found.status === "held" ? found.claim : null;
  const appOrigin = origin === undefined ? claim?.appOrigin : originOf(origin);
  if (appOrigin === undefined) throw new Error("No app is running here: start it with npm start, or say --origin URL.");
  return {
    appOrigin,
    async admin(help) {
      if (accessToken !== undefined) return AdminClient.withToken(appOrigin, accessToken);
      if (claim?.appOrigin === appOrigin) return await AdminClient.signIn(claim);
      throw new Error(help);
    },
  };
}

function originOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !url.protocol.startsWith("http"))
    throw new Misuse(`--origin is a URL, as https://kuji.example.com, not ${JSON.stringify(text)}`);
  return url.origin;
}
