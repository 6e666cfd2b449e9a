/** A failed session is resumable as such: by any call that goes on, in another runner on the reopened file, with status and place intact. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { abreast, failureOf, says, type TestNode } from "./graphs.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-after-failure-"));
let file = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Runner = ReturnType<typeof runnerOn>;

function runnerOn(path: string, isBroken: boolean, ran: string[]) {
  const fails: TestNode = () => {
    if (isBroken) throw new TypeError("broken");
    return { log: "mended" };
  };
  const fine: TestNode = (state, ctx) => {
    ran.push(ctx.node);
    return says(state, ctx);
  };
  const checkpointer = new SqliteCheckpointer(path);
  return { checkpointer, runner: new AppRunner(abreast({ fine, fails }), { checkpointer }) };
}

const WAYS: readonly (readonly [string, (open: Runner) => Promise<{ readonly outcome: string }>])[] = [
  ["runUntilComplete", ({ runner }) => runner.runUntilComplete("s")],
  ["invoke without input", ({ runner }) => runner.invoke("s")],
  ["stream", ({ runner }) => runner.stream("s").result],
  ["runUntil", ({ runner }) => runner.runUntil("s", { step: 9 })],
];

test.each(WAYS)(
  "S6, C5: %s goes on with a failed session of a process that is gone; finished tasks do not run again",
  async (_, goOn) => {
    const path = join(folder, `${file++}.db`);
    const ran: string[] = [];
    const first = runnerOn(path, true, ran);
    const error = await failureOf(first.runner.invoke("s", { count: 1 }));
    await first.checkpointer.close();
    const second = runnerOn(path, true, ran);
    const failed = await second.runner.session("s");
    const at = { sessionId: "s", step: 1, node: "fails", finished: [{ node: "fine" }] };
    expect(failed).toMatchObject({ step: 0, status: { kind: "failed", error: { code: "NODE_FAILED", at } } });
    expect(error).toMatchObject({ at: { step: 1, finished: [{ node: "fine" }] } });
    expect(await failureOf(second.runner.resume("s"))).toMatchObject({ code: "NOT_PAUSED", status: "failed" });
    expect(await failureOf(goOn(second))).toMatchObject({ code: "NODE_FAILED" });
    expect(await second.runner.session("s")).toEqual(failed);
    await second.checkpointer.close();
    const third = runnerOn(path, false, ran);
    expect(await goOn(third)).toMatchObject({
      outcome: "completed",
      step: 1,
      state: { log: ["fine", "mended"], count: 1 },
    });
    expect(ran).toEqual(["fine"]);
    await third.checkpointer.close();
  },
);
