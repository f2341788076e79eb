/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  /** Its status line and headers. */
  readonly head: string;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH = /content-length: (\d+)/i;
/** Where the status stands in `HTTP/1.1 200 OK`. */
const [STATUS_BEGIN, STATUS_END] = [9, 12];

/** Finds answers in what a connection receives, whatever pieces it comes in; looks at no more of them than where they end. */
export class AnswerReader {
  readonly #take: (answer: Answer) => void;
  #received: Buffer = Buffer.alloc(0);

  /** `take` is given every answer, when the last of it is there. */
  constructor(take: (answer: Answer) => void) {
    this.#take = take;
  }

  /** Throws for an answer that does not tell its length: none of the app's is like that. */
  push(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length > 0) {
      const headEnd = this.#received.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const head = this.#received.toString("latin1", 0, headEnd);
      const length = LENGTH.exec(head)?.[1];
      if (length === undefined) throw new Error(`an answer without its length:\n${head}`);
      const begin = headEnd + HEAD_END.length;
      const end = begin + Number(length);
      if (this.#received.length < end) return;
      const body = this.#received.subarray(begin, end);
      this.#received = this.#received.subarray(end);
      this.#take({ status: Number(head.slice(STATUS_BEGIN, STATUS_END)), head, body });
    }
  }
}
