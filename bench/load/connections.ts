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
/** workerd ends a connection that was idle for five seconds, and a call may just be on its way there: what has been idle for long is not used. */
const MAX_IDLE_MS = 2_000;

/** At most so many connections, opened when they are wanted, each with one call at a time. Calls beyond wait for their turn. */
export class Connections {
  readonly #port: number;
  readonly #most: number;
  /** The last used is used next, so that those which are not wanted go. */
  readonly #idle: Line[] = [];
  readonly #lines = new Set<Line>();
  #waiting: Call[] = [];
  #first = 0;

  constructor(port: number, most: number) {
    this.#port = port;
    this.#most = most;
  }

  /** Sends `request`, now or when a connection is free. `done` is told the answer, or once why there is none. */
  send(request: string, untilMs: number, done: Call["done"]): void {
    const line = this.#free();
    const call = { request, untilMs, done };
    if (line !== null) line.send(call);
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
    this.#waiting = [];
    this.#first = 0;
    for (const line of this.#lines) line.end("closed");
  }

  #free(): Line | null {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      if (performance.now() - idle.usedAtMs <= MAX_IDLE_MS) return idle;
      // Those below it have been idle for longer still.
      for (const line of [idle, ...this.#idle.splice(0)]) this.#drop(line);
    }
    return this.#lines.size < this.#most ? this.#open() : null;
  }

  #open(): Line {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    const line = new Line(socket, {
      isFree: () => {
        const next = this.#next();
        if (next === null) this.#idle.push(line);
        else line.send(next);
      },
      isLost: () => {
        this.#lines.delete(line);
        const idle = this.#idle.indexOf(line);
        if (idle >= 0) this.#idle.splice(idle, 1);
        const next = this.#lines.size < this.#most ? this.#next() : null;
        if (next !== null) this.#open().send(next);
      },
    });
    this.#lines.add(line);
    return line;
  }

  /** An idle one that is used no more; another may be opened in its place at once. */
  #drop(line: Line): void {
    this.#lines.delete(line);
    line.end("closed");
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
}

/** One connection. */
class Line {
  readonly #socket: Socket;
  #call: Call | null = null;
  #ended: Unanswered = "closed";
  usedAtMs = 0;

  constructor(socket: Socket, owner: { readonly isFree: () => void; readonly isLost: () => void }) {
    this.#socket = socket;
    const reader = new AnswerReader((answer) => {
      const call = this.#call;
      this.#call = null;
      this.usedAtMs = performance.now();
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
