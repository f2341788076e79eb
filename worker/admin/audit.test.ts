import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditHash, firstBreak, nextEntry } from "./audit.ts";
import type { AuditEntry } from "./audit.ts";

function chain(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let i = 0; i < length; i++) {
    const act = { actor: "mei@example.com", action: "partner.put", subject: `partner-${i}`, before: null, after: { name: `Partner ${i}` } };
    entries.push(nextEntry(entries.at(-1) ?? null, act, 1_800_000_000_000 + i));
  }
  return entries;
}

const FIELDS = ["entry", "at", "actor", "action", "subject", "before", "after", "prev", "hash"] as const;

describe("the audit chain", () => {
  it("holds as written, from its start and from anywhere in it", () => {
    const entries = chain(6);
    for (let from = 0; from < entries.length; from++) expect(firstBreak(entries.slice(from))).toBeNull();
  });

  it("breaks where any field of any entry was changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.constantFrom(...FIELDS), (at, field) => {
        const entries = chain(6);
        const entry = entries[at];
        if (entry === undefined) return;
        const value = entry[field];
        entries[at] = { ...entry, [field]: typeof value === "number" ? value + 1 : `${value ?? ""}x` };
        expect(firstBreak(entries)).not.toBeNull();
      }),
    );
  });

  it("breaks after an entry that was taken out, even when the hash of a changed one was made anew", () => {
    const entries = chain(6);
    expect(firstBreak(entries.toSpliced(2, 1))).toBe(4);
    const changed = entries.map((entry) => {
      if (entry.entry !== 3) return entry;
      const rewritten = { ...entry, actor: "somebody@example.com" };
      return { ...rewritten, hash: auditHash(rewritten) };
    });
    expect(firstBreak(changed)).toBe(4);
  });
});
