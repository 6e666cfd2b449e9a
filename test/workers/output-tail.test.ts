/** What workers print reaches whoever listens, and harms nobody where nobody does. */
import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { OutputTail } from "../../src/workers/output-tail.js";

test("that nobody reads any more what is printed here ends no process", async () => {
  const output = new OutputTail();
  const source = new PassThrough();
  const closed = new Writable({ write: (_, __, told) => void setImmediate(told, new Error("EPIPE")) });
  source.pipe(closed);
  for (const word of ["one", "two"]) {
    output.take(Buffer.from(word), closed);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(closed.errored).toMatchObject({ message: "EPIPE" });
  expect(output.toString()).toBe("onetwo");
});
