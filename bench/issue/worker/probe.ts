import { drawBy } from "../../../durable-objects/draw-columns.ts";
import { issuerName } from "../../../durable-objects/protocol.ts";
import type { Draw, DrawCommand, DrawReply } from "../../../durable-objects/protocol.ts";
import type { BenchEnv } from "./env.ts";

const BULK = 100;
const PREFIX = "/probe/";
const SHARD = 0;
const SHARDS = 1;

/** Answers `/probe/…`; null for any other address. Every RPC carries draws of its own, and as many results come back. */
export function probe(url: string, env: BenchEnv): Response | Promise<Response> | null {
  const begin = url.indexOf(PREFIX);
  if (begin < 0) return null;
  const [what, campaign = ""] = url.slice(begin + PREFIX.length).split("/");
  if (what === "hello") return new Response("hello");
  const object = env.PROBE.getByName("probe");
  switch (what) {
    case "rpc":
      return answer(drawBy({ draw: (call) => object.answer(call) }, commandOf(campaign, 1)));
    case "rpc-bulk":
      return answer(drawBy({ draw: (call) => object.answer(call) }, commandOf(campaign, BULK)));
    case "wait":
      return answer(drawBy({ draw: (call) => object.wait(call) }, commandOf(campaign, 1)));
    case "insert":
      return answer(drawBy({ draw: (call) => object.insert(call) }, commandOf(campaign, 1)));
    case "journal":
      return answer(drawBy({ draw: (call) => object.journal(call) }, commandOf(campaign, 1)));
    case "draw":
      return answer(draw(env, commandOf(campaign, 1)));
    case "bulk":
      return answer(draw(env, commandOf(campaign, BULK)));
    default:
      return new Response(null, { status: 404 });
  }
}

function draw(env: BenchEnv, command: DrawCommand): Promise<DrawReply> {
  return drawBy(env.CARD_ISSUER.getByName(issuerName(command)), command);
}

function commandOf(campaign: string, draws: number): DrawCommand {
  return { campaign, shard: SHARD, shards: SHARDS, draws: Array.from({ length: draws }, newDraw) };
}

function newDraw(): Draw {
  const id = crypto.randomUUID();
  return { requestId: id, recipient: `visitor-${id}`, lineUserId: null, metadata: null };
}

/** 200 only where every draw was issued. */
async function answer(replying: Promise<DrawReply>): Promise<Response> {
  const reply = await replying;
  const issued = reply.status === "done" && reply.results.every(({ status }) => status === "issued");
  return new Response("done", { status: issued ? 200 : 500 });
}
