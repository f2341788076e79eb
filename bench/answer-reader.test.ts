import fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerReader } from "./answer-reader.ts";

function read(chunks: readonly Buffer[]): [number, string][] {
  const answers: [number, string][] = [];
  const reader = new AnswerReader(({ status, body }) => answers.push([status, body.toString("utf8")]));
  for (const chunk of chunks) reader.push(chunk);
  return answers;
}

test("answers are found whatever pieces they come in", () => {
  const answers: [number, string][] = [
    [200, '{"status":"issued"}'],
    [204, ""],
    [503, "刮刮樂\r\n\r\n"],
  ];
  const wire = Buffer.concat(
    answers.map(([status, body]) => Buffer.from(`HTTP/1.1 ${status} Words\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)),
  );
  fc.assert(
    fc.property(fc.array(fc.nat(wire.length)), (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), wire.length];
      const chunks = ends.map((end, i) => wire.subarray(ends[i - 1] ?? 0, end));
      expect(read(chunks)).toEqual(answers);
    }),
  );
});

test("an answer that does not tell its length is a fault", () => {
  expect(() => read([Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")])).toThrow(/without its length/);
});
