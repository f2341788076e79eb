import type { Settings } from "../settings.ts";
import { PROVIDERS } from "./index.ts";
import { LINE_ENDPOINTS, lineGate } from "./line-call.ts";
import type { GateAddress, ParamedReward, RemoteProvider } from "./provider.ts";
import { webhookGate } from "./webhook.ts";

/** A reward, and who hands it over. */
export interface Errand {
  readonly reward: ParamedReward;
  readonly provider: RemoteProvider;
}

/** What goes through one gate. */
export interface GateGroup {
  readonly gate: GateAddress;
  readonly rewards: readonly Errand[];
}

/** A reward that nobody hands over as things are configured, and why. */
export interface Unprovided {
  readonly reward: ParamedReward;
  readonly reason: string;
}

/** Remote rewards by the gate that they go through. */
export function groupByGate(rewards: readonly ParamedReward[], settings: Settings): { groups: GateGroup[]; unprovided: Unprovided[] } {
  const groups = new Map<string, { gate: GateAddress; rewards: Errand[] }>();
  const unprovided: Unprovided[] = [];
  for (const reward of rewards) {
    const provider = PROVIDERS[reward.kind];
    if (provider.reach !== "remote") {
      unprovided.push({ reward, reason: `a prize of the kind ${reward.kind} has no provider outside` });
      continue;
    }
    const gate = provider.gate(reward, settings);
    if ("outcome" in gate) {
      unprovided.push({ reward, reason: gate.reason });
      continue;
    }
    const group = groups.get(gate.provider) ?? { gate, rewards: [] };
    groups.set(gate.provider, group);
    group.rewards.push({ reward, provider });
  }
  return { groups: [...groups.values()], unprovided };
}

/** Every gate that a reward may go through, as things are configured. */
export function allGates(settings: Settings): GateAddress[] {
  const named = Object.entries(settings.REWARD_PROVIDERS).map(([name, { permitsPerSecond }]) => webhookGate(name, permitsPerSecond));
  return [...named, ...LINE_ENDPOINTS.map((endpoint) => lineGate(endpoint, settings))];
}
