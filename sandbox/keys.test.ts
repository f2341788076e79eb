import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openKeys } from "./keys.ts";
import { temporaryFolder } from "./sandbox.fixture.ts";

test("keys are made once, for their owner's eyes only", async () => {
  const folder = join(await temporaryFolder(), "keys");
  const first = await openKeys(folder);
  const second = await openKeys(folder);
  expect(second.secrets).toEqual(first.secrets);
  expect(second.line.kid).toBe(first.line.kid);
  for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
});

test("two processes at once end with the same keys", async () => {
  const folder = await temporaryFolder();
  const opened = await Promise.all(Array.from({ length: 4 }, () => openKeys(folder)));
  expect(new Set(opened.map(({ secrets }) => secrets.CARD_KEY)).size).toBe(1);
  expect(new Set(opened.map(({ access }) => access.kid)).size).toBe(1);
  expect((await readdir(folder)).length).toBe(5);
});

test("the demo partner's two files are one key pair", async () => {
  const folder = await temporaryFolder();
  await openKeys(folder);
  const privateKey = createPrivateKey(await readFile(join(folder, "demo-ed25519.pem")));
  const publicKey = createPublicKey(await readFile(join(folder, "demo-ed25519.pub.pem")));
  expect(privateKey.asymmetricKeyType).toBe("ed25519");
  expect(createPublicKey(privateKey).equals(publicKey)).toBe(true);
});

test("the published half of a key holds nothing private", async () => {
  const { line, access } = await openKeys(await temporaryFolder());
  expect(line.publicJwk).not.toHaveProperty("d");
  expect(access.publicJwk).not.toHaveProperty("d");
});

test("the secrets are of the form that the app takes", async () => {
  const { secrets } = await openKeys(await temporaryFolder());
  expect(secrets.CARD_KEY.length).toBeGreaterThanOrEqual(32);
  expect(Buffer.from(secrets.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64")).toHaveLength(32);
});

test("a file of secrets that lacks one is named, with what to do", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "dev.vars"), "CARD_KEY=x\n");
  await expect(openKeys(folder)).rejects.toThrow(/dev\.vars has no SESSION_KEY: delete the file/);
});
