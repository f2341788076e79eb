import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { calculateJwkThumbprint, exportJWK, importPKCS8 } from "jose";
import type { JWK } from "jose";

/** Names of the files below the keys folder. The folder is ignored by git, and nothing of it goes into a production build. */
export const KEY_FILES = {
  lineKey: "line-es256.pem",
  accessKey: "access-rs256.pem",
  demoKey: "demo-ed25519.pem",
  demoPublicKey: "demo-ed25519.pub.pem",
  demoSecret: "demo-hmac.secret",
  devVars: "dev.vars",
} as const;

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const SECRET_BYTES = 32;
const RSA_BITS = 2048;

/** A key that signs tokens, and the public half as its JWKS shows it. */
export interface TokenKey {
  readonly kid: string;
  readonly algorithm: "ES256" | "RS256";
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** The development secrets that the app is started with; see `worker/settings.ts` for what each is for. */
interface DevSecrets {
  readonly CARD_KEY: string;
  readonly SESSION_KEY: string;
  readonly PARTNER_KEY: string;
  readonly WEBHOOK_SECRET: string;
  readonly LINE_CHANNEL_ACCESS_TOKEN: string;
}

export interface SandboxKeys {
  readonly line: TokenKey;
  readonly access: TokenKey;
  readonly secrets: DevSecrets;
}

/** Makes what is missing of the development keys and secrets in `folder`, and reads them. Two processes at once end with the same keys. */
export async function openKeys(folder: string): Promise<SandboxKeys> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const linePem = await readOrCreate(join(folder, KEY_FILES.lineKey), () => pkcs8(generateKeyPairSync("ec", { namedCurve: "P-256" })));
  const accessPem = await readOrCreate(join(folder, KEY_FILES.accessKey), () =>
    pkcs8(generateKeyPairSync("rsa", { modulusLength: RSA_BITS })),
  );
  const demoPem = await readOrCreate(join(folder, KEY_FILES.demoKey), () => pkcs8(generateKeyPairSync("ed25519")));
  await readOrCreate(join(folder, KEY_FILES.demoPublicKey), () =>
    createPublicKey(demoPem).export({ type: "spki", format: "pem" }).toString(),
  );
  return {
    line: await tokenKey(linePem, "ES256"),
    access: await tokenKey(accessPem, "RS256"),
    secrets: await openSecrets(join(folder, KEY_FILES.devVars)),
  };
}

/** Writes `contents` to a file that only its owner may read. */
export async function writeSecretFile(path: string, contents: string): Promise<void> {
  await writeFile(path, contents, { mode: FILE_MODE });
}

async function openSecrets(path: string): Promise<DevSecrets> {
  const text = await readOrCreate(path, () =>
    Object.entries(newSecrets())
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  const held = parseEnv(text);
  const secret = (name: keyof DevSecrets): string => {
    const value = held[name];
    if (value === undefined || value === "") {
      throw new Error(`${path} has no ${name}: delete the file to have new development secrets made (and .wrangler/state with it)`);
    }
    return value;
  };
  return {
    CARD_KEY: secret("CARD_KEY"),
    SESSION_KEY: secret("SESSION_KEY"),
    PARTNER_KEY: secret("PARTNER_KEY"),
    WEBHOOK_SECRET: secret("WEBHOOK_SECRET"),
    LINE_CHANNEL_ACCESS_TOKEN: secret("LINE_CHANNEL_ACCESS_TOKEN"),
  };
}

function newSecrets(): DevSecrets {
  const random = () => randomBytes(SECRET_BYTES).toString("base64url");
  return {
    CARD_KEY: random(),
    SESSION_KEY: random(),
    PARTNER_KEY: random(),
    WEBHOOK_SECRET: `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`,
    LINE_CHANNEL_ACCESS_TOKEN: random(),
  };
}

async function tokenKey(pem: string, algorithm: TokenKey["algorithm"]): Promise<TokenKey> {
  const publicJwk = await exportJWK(createPublicKey(pem));
  const kid = await calculateJwkThumbprint(publicJwk);
  return { kid, algorithm, privateKey: await importPKCS8(pem, algorithm), publicJwk: { ...publicJwk, kid, alg: algorithm, use: "sig" } };
}

function pkcs8({ privateKey }: ReturnType<typeof generateKeyPairSync>): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A hard link to a finished file either appears whole or fails because another process was first. */
async function readOrCreate(path: string, create: () => string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  const draft = `${path}.${randomUUID()}`;
  await writeSecretFile(draft, create());
  try {
    await link(draft, path);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
  return await readFile(path, "utf8");
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
