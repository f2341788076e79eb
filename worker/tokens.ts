import { createRemoteJWKSet, customFetch, errors } from "jose";
import type { FetchImplementation, JWTVerifyGetKey } from "jose";
import { errorText } from "./error-text.ts";

/** The issuer's keys could not be had, and none that we keep fits. Says nothing of the token. */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/** Keys are asked for again after this, and kept for this long while their issuer cannot be reached. */
const REFRESH_AFTER_MS = 10 * 60_000;
const KEPT_MS = 24 * 3_600_000;
/** A key id that we do not know makes us ask again, but not more often than this, or any sender of false tokens could make us. */
const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** A request waits no longer than this for keys; after a failure the others do not wait at all for a while. */
const FETCH_TIMEOUT_MS = 3_000;
const FAILURE_COOLDOWN_MS = 2_000;

/**
 * The keys that an issuer of tokens publishes at `url`, as jose's key resolver; one per isolate and issuer, with `keySet`.
 * Keys once fetched outlive an outage of the issuer; without a fitting one the resolver rejects with `KeysUnavailable`.
 */
export function remoteKeys(url: string, fetchKeys: FetchImplementation = fetch): JWTVerifyGetKey {
  let failedUntilMs = 0;
  let refreshAtMs = Number.POSITIVE_INFINITY;
  const guardedFetch: FetchImplementation = async (...request) => {
    if (Date.now() < failedUntilMs) throw new KeysUnavailable("the keys could not be fetched a moment ago");
    try {
      const response = await fetchKeys(...request);
      if (response.ok) return response;
      throw new Error(`the keys were answered with ${response.status}`);
    } catch (error) {
      failedUntilMs = Date.now() + FAILURE_COOLDOWN_MS;
      console.error(JSON.stringify({ message: "token keys could not be fetched", url, error: errorText(error) }));
      throw error;
    }
  };
  const keys = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: KEPT_MS,
    cooldownDuration: UNKNOWN_KEY_COOLDOWN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: guardedFetch,
  });
  return async (header, token) => {
    if (Date.now() >= refreshAtMs) {
      // Put off before the fetch, so that one request refreshes and the others go on with the keys we have.
      refreshAtMs = Date.now() + FETCH_TIMEOUT_MS;
      await keys.reload().catch(() => undefined);
    }
    try {
      const key = await keys(header, token);
      refreshAtMs = Math.min(refreshAtMs, Date.now() + REFRESH_AFTER_MS);
      return key;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      throw new KeysUnavailable("the issuer's keys could not be had", { cause: error });
    }
  };
}

const keySets = new Map<string, JWTVerifyGetKey>();

/** The one resolver of this isolate for the keys at `url`, an address from the settings. */
export function keySet(url: string): JWTVerifyGetKey {
  const known = keySets.get(url);
  if (known !== undefined) return known;
  const keys = remoteKeys(url);
  keySets.set(url, keys);
  return keys;
}

/** Which rule a refused token broke, in words that say nothing of its content; null for an error that is not the token's. */
export function brokenRule(error: unknown): string | null {
  if (error instanceof errors.JWTExpired) return "exp: the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `${error.claim}: this claim was not accepted`;
  if (error instanceof errors.JOSEAlgNotAllowed) return "alg: this algorithm is not accepted";
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return "kid: no key of the issuer fits";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "the signature does not match";
  if (error instanceof errors.JOSEError) return "this is not a signed token";
  return null;
}
