/** Messages over a pipe come whole and in order, however the pipe cuts them; what is no message is told as that. */
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { frameOf, hearFrames } from "../../src/workers/frames.js";

/** Hears what comes in these chunks. */
function heardIn(chunks: readonly Buffer[]): { readonly messages: readonly unknown[]; readonly garbled: number } {
  const pipe = new PassThrough();
  const messages: unknown[] = [];
  let garbled = 0;
  hearFrames(
    pipe as never,
    (message) => messages.push(message),
    () => garbled++,
  );
  for (const chunk of chunks) pipe.emit("data", chunk);
  return { messages, garbled };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const message = fc.record({
  kind: fc.string(),
  text: fc.string({ unit: "grapheme" }),
  bytes: fc.uint8Array({ maxLength: 2_000 }),
  gone: fc.constant(undefined),
});

test("messages come whole and in order", () => {
  const law = fc.property(fc.array(message), fc.array(fc.nat()), (messages, places) => {
    const bytes = Buffer.concat(messages.map(frameOf));
    expect(heardIn(cut(bytes, places))).toEqual({ messages, garbled: 0 });
  });
  fc.assert(law);
});

test("a byte that is changed loses the message it is in, or makes it another one, and harms none before it", () => {
  const law = fc.property(
    fc.array(message, { minLength: 1 }),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    (messages, place, mask) => {
      const bytes = Buffer.concat(messages.map(frameOf));
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      const whole = messages.filter(
        (_, index) => Buffer.concat(messages.slice(0, index + 1).map(frameOf)).length <= at,
      );
      expect(heardIn([bytes]).messages.slice(0, whole.length)).toEqual(whole);
    },
  );
  fc.assert(law);
});

test("after what is no message nothing is heard", () => {
  const { messages, garbled } = heardIn([frameOf("one"), Buffer.from("no message"), frameOf("two")]);
  expect(messages).toEqual(["one"]);
  expect(garbled).toBeGreaterThan(0);
});
