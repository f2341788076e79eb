import { AdminClient } from "./admin-client.ts";
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

/** The app at `origin`, or the running `npm start`, whose sandbox lets an operator in. */
export async function findApp({ origin, accessToken }: AppAddress): Promise<FoundApp> {
  const found = await findClaim(DEFAULT_STATE);
  const claim = found.status === "held" ? found.claim : null;
  const appOrigin = origin === undefined ? claim?.appOrigin : new URL(origin).origin;
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
