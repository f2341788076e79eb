import { rewardGate } from "../objects.ts";
import { addressOfCard, byLedger } from "../ledger/ledgers.ts";
import type { Share } from "../ledger/ledgers.ts";
import { settings } from "../settings.ts";
import { groupByGate } from "./by-gate.ts";
import type { GateGroup } from "./by-gate.ts";
import { PROVIDERS } from "./index.ts";
import { rewardMessageSchema, sendRewards } from "./message.ts";
import type { RewardRef } from "./message.ts";
import { withPrizeParams } from "./prize-params.ts";
import type { GrantDeps, Reward } from "./provider.ts";
import { loadDueRewards, recordVerdicts } from "./rows.ts";
import { passThroughGate } from "./through-gate.ts";
import { judgeAttempt, judgeLocal, postpone } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** Connections that one invocation may have waiting at once (Workers, platform limits); more would queue with permits in hand. */
const CONNECTIONS = 6;
/** What had no turn comes again after this at the earliest, and up to so much later, not all at once. The gate paces them besides. */
const MIN_POSTPONE_MS = 3_000;
const POSTPONE_SPREAD_MS = 6_000;
/** A message that failed as a whole. */
const RETRY_DELAY_S = 10;

/** What the agent needs of the world besides its bindings. */
export interface AgentTools extends Omit<GrantDeps, "settings"> {
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const TOOLS: AgentTools = {
  fetch: (url, init) => fetch(url, init),
  nowMs: () => Date.now(),
  random: () => Math.random(),
  wait: (ms) => scheduler.wait(ms),
};

/**
 * Consumer of `rewards`: sees to it that each reward named is granted, or due again later, or failed, and that the ledger says so.
 * A message is acknowledged when that is written; until then the queue keeps it, and a provider that is asked twice grants once.
 */
export async function consumeRewards(batch: MessageBatch, env: Env, tools: AgentTools = TOOLS): Promise<void> {
  const asked: Asked[] = [];
  for (const message of batch.messages) {
    const parsed = rewardMessageSchema.safeParse(message.body);
    if (parsed.success) asked.push({ message, refs: parsed.data.rewards });
    else {
      console.error(JSON.stringify({ message: "a rewards message is of no known form", id: message.id, attempts: message.attempts }));
      message.retry({ delaySeconds: RETRY_DELAY_S });
    }
  }
  try {
    const unseen = await seeToAll(
      asked.flatMap(({ refs }) => refs),
      env,
      tools,
    );
    for (const { message, refs } of asked) {
      if (refs.some(({ card }) => unseen.has(card))) message.retry({ delaySeconds: RETRY_DELAY_S });
      else message.ack();
    }
  } catch (error) {
    console.error(JSON.stringify({ message: "rewards were not seen to", messages: asked.length, error: String(error) }));
    for (const { message } of asked) message.retry({ delaySeconds: RETRY_DELAY_S });
  }
}

interface Asked {
  readonly message: Message;
  readonly refs: readonly RewardRef[];
}

/** Gives the cards whose ledger failed: theirs come again, and all others are seen to. */
async function seeToAll(refs: readonly RewardRef[], env: Env, tools: AgentTools): Promise<ReadonlySet<string>> {
  const shares = await byLedger(env, refs, addressOfCard);
  const unseen = new Set<string>();
  const orLeave = async <Result>({ ledger, things }: Share<RewardRef>, work: () => Promise<Result>): Promise<Result | null> => {
    try {
      return await work();
    } catch (error) {
      console.error(
        JSON.stringify({ message: "rewards were not seen to", ledger: ledger.nth, rewards: things.length, error: String(error) }),
      );
      for (const { card } of things) unseen.add(card);
      return null;
    }
  };
  const due = await Promise.all(
    shares.map(async (share) => orLeave(share, async () => loadDueRewards(share.ledger, share.things, tools.nowMs()))),
  );
  const verdicts = await seeTo(
    due.flatMap((own) => own ?? []),
    env,
    tools,
  );
  await Promise.all(
    shares.map(async (share) => {
      const cards = new Set(share.things.map(({ card }) => card));
      const own = verdicts.filter(({ card }) => cards.has(card));
      await orLeave(share, async () => {
        await recordVerdicts(env, share.ledger, own, tools.nowMs());
        announceFailures(own);
        await sendAgain(env, own, tools.nowMs());
      });
    }),
  );
  return unseen;
}

async function seeTo(due: readonly Reward[], env: Env, tools: AgentTools): Promise<Verdict[]> {
  if (due.length === 0) return [];
  /** One throw for all: what fails together comes again together, apart from what failed elsewhere. */
  const jitter = tools.random();

  const local = due.filter(({ kind }) => PROVIDERS[kind].reach === "local");
  const { known, unknown } = await withPrizeParams(
    env,
    due.filter(({ kind }) => PROVIDERS[kind].reach !== "local"),
  );
  const { unprovided, groups } = groupByGate(known, settings(env));

  const nowMs = tools.nowMs();
  const verdicts = [
    ...local.map((reward) => judgeLocal(reward, nowMs)),
    ...unknown.map((reward) => judgeAttempt(reward, { outcome: "retry", reason: "the campaign's file has no such prize" }, nowMs, jitter)),
    ...unprovided.map(({ reward, reason }) => judgeAttempt(reward, { outcome: "retry", reason }, nowMs, jitter)),
  ];
  const lanes = Math.max(1, Math.floor(CONNECTIONS / Math.max(1, groups.length)));
  const called = await Promise.all(groups.map((group) => callGroup(group, lanes, env, tools, jitter)));
  return [...verdicts, ...called.flat()];
}

async function callGroup({ gate, rewards }: GateGroup, lanes: number, env: Env, tools: AgentTools, jitter: number): Promise<Verdict[]> {
  const deps: GrantDeps = { settings: settings(env), fetch: tools.fetch, nowMs: tools.nowMs };
  const stub = () => rewardGate(env, gate.provider);
  const { asked, left, retryAfterMs } = await passThroughGate(rewards, { gate, lanes, stub, deps, wait: tools.wait });
  const nowMs = tools.nowMs();
  const postponeMs = Math.round(Math.max(MIN_POSTPONE_MS, retryAfterMs) + jitter * POSTPONE_SPREAD_MS);
  return [
    ...asked.map(({ reward, outcome }) => judgeAttempt(reward, outcome, nowMs, jitter)),
    ...left.map(({ reward }) => postpone(reward, postponeMs, nowMs)),
  ];
}

/** What is still pending comes again when it is due. A send that is lost is mended by the sweeper. */
async function sendAgain(env: Env, verdicts: readonly Verdict[], nowMs: number): Promise<void> {
  const pending = verdicts.filter(({ nextAttemptAt }) => nextAttemptAt !== null);
  const delaySeconds = ({ nextAttemptAt }: Verdict) => Math.max(1, Math.ceil(((nextAttemptAt ?? nowMs) - nowMs) / 1_000));
  for (const [delay, together] of Map.groupBy(pending, delaySeconds)) await sendRewards(env, together, delay);
}

function announceFailures(verdicts: readonly Verdict[]): void {
  const failed = verdicts.filter(({ status }) => status === "failed");
  for (const [campaign, together] of Map.groupBy(failed, (verdict) => verdict.campaign)) {
    const reasons = [...new Set(together.map(({ lastError }) => lastError))];
    console.error(JSON.stringify({ message: "rewards failed and wait for an operator", campaign, count: together.length, reasons }));
  }
}
