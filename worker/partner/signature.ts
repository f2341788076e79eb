import { isInnerList, parseDictionary, serializeInnerList } from "structured-headers";
import type { Dictionary, InnerList } from "structured-headers";

/** What of a request is signed, beside its body. */
export type SignedMessage = Pick<Request, "method" | "url" | "headers">;

/** A request's one signature as it claims to be; nothing of it is verified yet. */
export interface ClaimedSignature {
  readonly covered: ReadonlySet<string>;
  readonly created: number | null;
  readonly expires: number | null;
  readonly keyId: string | null;
  readonly algorithm: string | null;
  readonly signature: Uint8Array<ArrayBuffer>;
  /** What was signed (RFC 9421 §2.5). */
  readonly base: Uint8Array;
}

/** Why there is no signature to verify; `message` is for the caller. */
export class SignatureFault extends Error {
  override readonly name = "SignatureFault";
}

/** A field's name as RFC 9421 §2.1 writes it: in lower case, and needing no escape between quotes. */
const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const encoder = new TextEncoder();

/**
 * Reads the signature of a request (RFC 9421 §4) and builds its base from the request itself. One signature is taken, over fields and over the derived components
 * of a request's head; component parameters (`key`, `sf`, `req` …) are not, for nothing here needs them. Throws `SignatureFault`.
 */
export function readSignature(message: SignedMessage): ClaimedSignature {
  const [signatureLabel, signature] = onlyMember(message.headers, "Signature");
  const [inputLabel, input] = onlyMember(message.headers, "Signature-Input");
  if (signatureLabel !== inputLabel) throw new SignatureFault("Signature and Signature-Input have different labels");
  if (!isInnerList(input)) throw new SignatureFault("Signature-Input is not a list of components");
  if (isInnerList(signature) || !(signature[0] instanceof ArrayBuffer)) throw new SignatureFault("Signature is not a byte sequence");
  const covered = coveredNames(input);
  const lines = Array.from(covered, (name) => `"${name}": ${componentValue(message, name)}\n`).join("");
  return {
    covered,
    created: parameter(input, "created", isInteger),
    expires: parameter(input, "expires", isInteger),
    keyId: parameter(input, "keyid", isText),
    algorithm: parameter(input, "alg", isText),
    signature: new Uint8Array(signature[0]),
    base: encoder.encode(`${lines}"@signature-params": ${serializeInnerList(input)}`),
  };
}

function onlyMember(
  headers: Headers,
  field: string,
): [label: string, member: Dictionary extends Map<string, infer Member> ? Member : never] {
  const text = headers.get(field);
  if (text === null) throw new SignatureFault(`there is no ${field} header`);
  const [member, second] = parsed(field, text);
  if (member === undefined || second !== undefined) throw new SignatureFault(`${field} must carry exactly one signature`);
  return member;
}

function parsed(field: string, text: string): Dictionary {
  try {
    return parseDictionary(text);
  } catch {
    throw new SignatureFault(`${field} is malformed`);
  }
}

function coveredNames([items]: InnerList): Set<string> {
  const names = new Set<string>();
  for (const [name, parameters] of items) {
    if (typeof name !== "string" || parameters.size > 0) throw new SignatureFault("component parameters are not taken");
    if (names.has(name)) throw new SignatureFault(`${name} is covered twice`);
    names.add(name);
  }
  return names;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function parameter<T>([, parameters]: InnerList, name: string, is: (value: unknown) => value is T): T | null {
  const value = parameters.get(name);
  if (value === undefined) return null;
  if (!is(value)) throw new SignatureFault(`${name} is malformed`);
  return value;
}

/** RFC 9421 §2.1 and §2.2. Path and query are taken as they were sent, as the router takes them. */
function componentValue({ method, url, headers }: SignedMessage, name: string): string {
  const pathAt = url.indexOf("/", url.indexOf("://") + 3);
  const queryAt = url.indexOf("?", pathAt);
  switch (name) {
    case "@method":
      return method;
    case "@target-uri":
      return url;
    case "@scheme":
      return url.slice(0, url.indexOf(":"));
    case "@authority":
      return new URL(url).host;
    case "@path":
      return url.slice(pathAt, queryAt === -1 ? undefined : queryAt);
    case "@query":
      return queryAt === -1 ? "?" : url.slice(queryAt);
    default:
      return fieldValue(headers, name);
  }
}

function fieldValue(headers: Headers, name: string): string {
  if (!FIELD_NAME.test(name)) throw new SignatureFault(`${name} is no component that is taken here`);
  const value = headers.get(name);
  if (value === null) throw new SignatureFault(`${name} is covered, and the request has none`);
  return value;
}
