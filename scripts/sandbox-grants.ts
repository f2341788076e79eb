import { callJson } from "./api-call.ts";

/** A grant as the sandbox's reward system lists it. */
export interface SandboxGrant {
  readonly cardId: string;
  readonly prize: string;
  readonly provider: string;
  readonly asked: number;
  readonly receipt: string;
  readonly grantedAt: string;
}

const PAGE = 10_000;
/** Pages of one listing: a hundred million grants are not the sandbox's. */
const MAX_PAGES = 10_000;

/** Everything that the reward system granted for a campaign. */
export async function grantsOf(sandboxOrigin: string, campaign: string): Promise<SandboxGrant[]> {
  const grants: SandboxGrant[] = [];
  let offset: number | null = 0;
  for (let page = 0; offset !== null && page < MAX_PAGES; page += 1) {
    const url: string = `${sandboxOrigin}/sandbox/rewards?campaign=${campaign}&limit=${PAGE}&offset=${offset}`;
    const { rewards, next }: { rewards: SandboxGrant[]; next: number | null } = await callJson(url);
    grants.push(...rewards);
    offset = next;
  }
  return grants;
}

/** What the reward system granted for one card. */
export async function grantsOfCard(sandboxOrigin: string, cardId: string): Promise<SandboxGrant[]> {
  const { rewards } = await callJson<{ rewards: SandboxGrant[] }>(`${sandboxOrigin}/sandbox/rewards?cardId=${encodeURIComponent(cardId)}`);
  return rewards;
}
