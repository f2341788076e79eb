import { connect } from "node:net";
import type { Socket } from "node:net";
import { AnswerReader } from "../answer-reader.ts";
import type { Answer } from "../answer-reader.ts";

/** Why there is no answer. */
export type Unanswered = "closed" | "timeout" | "not sent in time" | "too many waiting";

interface Call {
  readonly request: string;
  readonly untilMs: number;
  readonly done: (answer: Answer | Unanswered) => void;
}

/** Calls that wait for a connection; a load that has more of them waiting has found out enough. */
const MAX_WAITING = 200_000;
/** A server that ended a connection may be about to end; it is not asked for another at once. */
const OPEN_AGAIN_MS = 100;

/** So many connections and never more, each with one call at a time. Calls beyond wait for their turn. */
export class Connections {
  readonly #port: number;
  readonly #idle: Line[] = [];
  readonly #lines = new Set<Line>();
  #waiting: Call[] = [];
  #first = 0;
  #closed = false;

  private constructor(port: number) {
    this.#port = port;
  }

  static async open(port: number, count: number): Promise<Connections> {
    const connections = new Connections(port);
    await Promise.all(Array.from({ length: count }, () => connections.#open()));
    return connections;
  }

  /** Sends `request`, now or when a connection is free. `done` is told the answer, or once why there is none. */
  send(request: string, untilMs: number, done: Call["done"]): void {
    const line = this.#idle.pop();
    const call = { request, untilMs, done };
    if (line !== undefined) line.send(call);
    else if (this.#waiting.length - this.#first >= MAX_WAITING) done("too many waiting");
    else this.#waiting.push(call);
  }

  /** Gives up what has waited too long, for a connection or for its answer. */
  sweep(nowMs: number): void {
    for (const line of this.#lines) if (line.isOver(nowMs)) line.end("timeout");
    const late = this.#waiting.slice(this.#first).filter(({ untilMs }) => untilMs <= nowMs);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.slice(this.#first).filter(({ untilMs }) => untilMs > nowMs);
    this.#first = 0;
    for (const { done } of late) done("not sent in time");
  }

  close(): void {
    this.#closed = true;
    for (const line of this.#lines) line.end("closed");
  }

  async #open(): Promise<void> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const line = new Line(socket, {
      isFree: () => {
        const next = this.#next();
        if (next === null) this.#idle.push(line);
        else line.send(next);
      },
      isLost: () => this.#replace(line),
    });
    this.#lines.add(line);
    const next = this.#next();
    if (next === null) this.#idle.push(line);
    else line.send(next);
  }

  #next(): Call | null {
    const call = this.#waiting[this.#first];
    if (call === undefined) {
      this.#waiting = [];
      this.#first = 0;
      return null;
    }
    this.#first += 1;
    return call;
  }

  #replace(line: Line): void {
    this.#lines.delete(line);
    const idle = this.#idle.indexOf(line);
    if (idle >= 0) this.#idle.splice(idle, 1);
    if (this.#closed) return;
    const again = () => {
      if (!this.#closed) this.#open().catch(() => setTimeout(again, OPEN_AGAIN_MS));
    };
    setTimeout(again, OPEN_AGAIN_MS);
  }
}

/** One connection. */
class Line {
  readonly #socket: Socket;
  #call: Call | null = null;
  #ended: Unanswered = "closed";

  constructor(socket: Socket, owner: { readonly isFree: () => void; readonly isLost: () => void }) {
    this.#socket = socket;
    const reader = new AnswerReader((answer) => {
      const call = this.#call;
      this.#call = null;
      // First the next call: what is done with this answer is no work of the server's.
      owner.isFree();
      call?.done(answer);
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    // What went wrong matters less than that the call has no answer.
    socket.on("error", () => {});
    socket.on("close", () => {
      const call = this.#call;
      this.#call = null;
      owner.isLost();
      call?.done(this.#ended);
    });
  }

  send(call: Call): void {
    this.#call = call;
    this.#socket.write(call.request, "latin1");
  }

  isOver(nowMs: number): boolean {
    return this.#call !== null && this.#call.untilMs <= nowMs;
  }

  end(why: Unanswered): void {
    this.#ended = why;
    this.#socket.destroy();
  }
}
