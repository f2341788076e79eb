/** Names that lead into somebody's own network, or nowhere. */
const LOCAL_ENDINGS = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "lan",
  "home",
  "corp",
  "private",
  "home.arpa",
  "test",
  "invalid",
  "onion",
];
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
const MAX_URL_LENGTH = 2_000;

export interface AddressRules {
  /** Whether a loopback address is taken too, over plain HTTP. */
  readonly development: boolean;
  /** Where Kuji itself answers: it sends nothing to itself. */
  readonly ownOrigin: string;
}

/**
 * Why no events may be sent to `text`; null: they may. It is a public name on HTTPS's own port. An IP address is none, whichever it is, and neither is a
 * name that only a private network knows; where a public name leads to a private address, the platform refuses to go.
 */
export function refuseAddress(text: string, { development, ownOrigin }: AddressRules): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || text.length > MAX_URL_LENGTH) return `an address of at most ${MAX_URL_LENGTH} characters`;
  if (url.username !== "" || url.password !== "") return "an address without a user or password";
  if (url.hash !== "") return "an address without a fragment";
  if (development && LOOPBACK.has(url.hostname) && (url.protocol === "http:" || url.protocol === "https:")) return null;
  if (url.protocol !== "https:") return "an https address";
  if (url.port !== "") return "an address on port 443";
  if (url.host === new URL(ownOrigin).host) return "an address of the partner's, not of Kuji";
  return isPublicName(url.hostname) ? null : "the public name of a host";
}

/** The URL parser has put every spelling of an IPv4 address into dots and digits, and IPv6 into brackets. */
function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  if (name.startsWith("[") || /^[\d.]+$/.test(name) || !name.includes(".")) return false;
  return !LOCAL_ENDINGS.some((ending) => name === ending || name.endsWith(`.${ending}`));
}
