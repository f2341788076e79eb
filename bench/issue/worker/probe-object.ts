import { DurableObject } from "cloudflare:workers";
import { GroupCommit } from "../../../durable-objects/card-issuer/group-commit.ts";
import { drawsOf, resultColumnsOf } from "../../../durable-objects/draw-columns.ts";
import type { Draw, DrawCall, DrawCallReply } from "../../../durable-objects/protocol.ts";

interface Pending {
  readonly draws: readonly Draw[];
  readonly resolve: (reply: DrawCallReply) => void;
}

/** Takes and gives what an issuer does, and does ever more of its work in between. */
export class Probe extends DurableObject<Env> {
  readonly #waiting = new GroupCommit<Pending>((batch) => settle(batch));
  readonly #inserting = new GroupCommit<Pending>((batch) => {
    this.ctx.storage.transactionSync(() => this.ctx.storage.sql.exec("INSERT INTO flushes (body) VALUES (?)", String(batch.length)));
    settle(batch);
  });
  readonly #journaling = new GroupCommit<Pending>((batch) => {
    const body = JSON.stringify(batch.flatMap(({ draws }) => draws));
    this.ctx.storage.transactionSync(() => this.ctx.storage.sql.exec("INSERT INTO flushes (body) VALUES (?)", body));
    settle(batch);
  });

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS flushes (n INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
  }

  /** Touches no storage and waits for nothing. */
  async answer({ draws }: DrawCall): Promise<DrawCallReply> {
    return replyTo(drawsOf(draws));
  }

  /** Waits for its company, as group commit does. */
  async wait(command: DrawCall): Promise<DrawCallReply> {
    return submit(this.#waiting, command);
  }

  /** And stores one row for all of them. */
  async insert(command: DrawCall): Promise<DrawCallReply> {
    return submit(this.#inserting, command);
  }

  /** Stores a row at once. */
  async commit(): Promise<void> {
    this.ctx.storage.transactionSync(() => this.ctx.storage.sql.exec("INSERT INTO flushes (body) VALUES ('')"));
  }

  /** And stores in it what was asked. */
  async journal(command: DrawCall): Promise<DrawCallReply> {
    return submit(this.#journaling, command);
  }
}

function submit(commit: GroupCommit<Pending>, { draws }: DrawCall): Promise<DrawCallReply> {
  return new Promise((resolve) => commit.submit([{ draws: drawsOf(draws), resolve }]));
}

function settle(batch: readonly Pending[]): void {
  for (const { draws, resolve } of batch) resolve(replyTo(draws));
}

/** As long as a real card's id. */
const CARD_ID = "AQABAAAAAAGBX0sM3xPgp4CQdFrNZnn3";

function replyTo(draws: readonly Draw[]): DrawCallReply {
  return { status: "done", results: resultColumnsOf(draws.map(() => ({ status: "issued", cardId: CARD_ID, expiresAtMs: null }))) };
}
