/** Whose ID token this is (its `sub`), unverified: only the server judges a token. Null where it cannot be read. */
export function subjectOf(idToken: string): string | null {
  try {
    const payload = (idToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return (JSON.parse(atob(payload)) as { sub?: string }).sub ?? null;
  } catch {
    return null;
  }
}
