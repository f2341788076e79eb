import type { PrizeKind } from "../../durable-objects/protocol.ts";
import { code } from "./code.ts";
import { coupon } from "./coupon.ts";
import { none } from "./none.ts";
import type { Granted, LocalProvider } from "./provider.ts";

export const LOCAL_PROVIDERS = { none, code, coupon } as const satisfies Partial<Record<PrizeKind, LocalProvider>>;

type LocalKind = keyof typeof LOCAL_PROVIDERS;

/** Whether Kuji itself hands a prize of this kind over, so that its reward is granted with its redemption. */
export function isLocal(kind: PrizeKind): kind is LocalKind {
  return Object.hasOwn(LOCAL_PROVIDERS, kind);
}

export function grantLocally(kind: LocalKind): Granted {
  return LOCAL_PROVIDERS[kind].grant();
}
