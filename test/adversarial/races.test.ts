/** Several processes and one session: who drives it, who hears what, and what becomes of an owner that sleeps, wakes, or is dead (C4). */
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { AppRunner, type CheckpointView, SessionBusyError } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { TestClock } from "../../src/testing.js";
import { compileForChildren, outOf } from "./compiled.js";
import { type Answer, Rival } from "./rival.js";
import { approval, labour, type RivalChannels } from "./rivals.js";

const RACES = 500;
/** Milliseconds between the word and the start, so that both have heard it. */
const START_MS = 4;

const program = compileForChildren(join(import.meta.dirname, "rival-program.ts"), "races");
const rivals: Rival[] = [];
let folder = "";
let store: SqliteCheckpointer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "superstep-races-"));
  store = new SqliteCheckpointer(join(folder, "sessions.db"), { synchronous: "normal" });
});
afterEach(async () => {
  await Promise.all(rivals.splice(0).map((rival) => rival.kill()));
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => rmSync(outOf("races"), { recursive: true, force: true }));

function rival(ttlMs = 5_000): Rival {
  const started = new Rival(program, folder, ttlMs);
  rivals.push(started);
  return started;
}

async function historyOf(sessionId: string): Promise<readonly CheckpointView<RivalChannels>[]> {
  const history: CheckpointView<RivalChannels>[] = [];
  const runner = new AppRunner(
    labour(async () => ""),
    { checkpointer: store },
  );
  for await (const checkpoint of runner.history(sessionId)) history.push(checkpoint);
  return history;
}

async function expectChain(sessionId: string, length: number): Promise<void> {
  const history = await historyOf(sessionId);
  expect(history.map(({ source }) => source)).toEqual([...Array<string>(length - 1).fill("step"), "input"]);
  const ids = history.map(({ checkpointId }) => checkpointId);
  expect(history.map(({ parentId }) => parentId)).toEqual([...ids.slice(1), undefined]);
}

test(`C4, L1: of two processes that resume one session, exactly one does, ${RACES} times`, {
  timeout: 120_000,
}, async () => {
  const [one, other] = [rival(), rival()];
  const sessions = Array.from({ length: RACES }, (_, i) => `s${i}`);
  for (const sessionId of sessions) one.say("prepare", sessionId);
  for (const _ of sessions) expect(await one.hear()).toMatchObject({ outcome: "paused" });
  let busy = 0;
  let wonByOne = 0;
  for (const sessionId of sessions) {
    const said = Date.now();
    const answers = await Promise.all([one, other].map((each) => each.ask("resume", sessionId, said + START_MS)));
    const [won, lost] = answers[0]?.outcome === undefined ? [other, answers[0]] : [one, answers[1]];
    expect(answers.map(({ outcome }) => outcome).sort(), sessionId).toEqual(["completed", undefined]);
    expectLost(lost, won, said);
    if (lost?.error?.code === "SESSION_BUSY") busy++;
    if (won === one) wonByOne++;
  }
  const effects = readFileSync(join(folder, "effects.txt"), "utf8").trim().split("\n");
  expect(effects.map((line) => line.split(" ")[0])).toEqual(sessions);
  for (const sessionId of sessions) await expectChain(sessionId, 3);
  expect(busy).toBeGreaterThanOrEqual(RACES / 2);
  expect(wonByOne).toBeGreaterThan(0);
  expect(wonByOne).toBeLessThan(RACES);
});

/** It came while the other one was at it, or when there was nothing left to resume. */
function expectLost(lost: Answer | undefined, won: Rival, said: number): void {
  const { error } = lost ?? {};
  if (error?.code !== "SESSION_BUSY") {
    expect(error?.code).toBe("NOT_PAUSED");
    return;
  }
  expect(error.owner?.split("/")[1]).toBe(String(won.pid));
  expect(error.since).toBeGreaterThanOrEqual(said);
  expect(error.since).toBeLessThanOrEqual(Date.now());
}

/** Tries until the session is free; gives how often it was not, and for whom. */
async function driveWhenFree(runner: AppRunner<RivalChannels, string>): Promise<readonly SessionBusyError[]> {
  const refusals: SessionBusyError[] = [];
  for (;;) {
    try {
      await runner.runUntilComplete("s");
      return refusals;
    } catch (error) {
      if (!(error instanceof SessionBusyError)) throw error;
      refusals.push(error);
    }
    await sleep(20);
  }
}

test("C4: an owner that was stopped while others took over and finished fails when it wakes, and leaves no trace", async () => {
  const stopped = rival(500);
  expect(await stopped.ask("drive", "s")).toEqual({ at: "work" });
  stopped.signal("SIGSTOP");
  const refusals = await driveWhenFree(
    new AppRunner(
      labour(async () => "taken over"),
      { checkpointer: store },
    ),
  );
  expect(refusals.length).toBeGreaterThan(0);
  for (const { owner } of refusals) expect(owner.split("/")[1]).toBe(String(stopped.pid));
  const before = await historyOf("s");
  stopped.signal("SIGCONT");
  stopped.say("release");
  const answers = [await stopped.hear(), await stopped.hear()];
  expect(answers.find(({ error }) => error !== undefined)?.error).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
  expect(await historyOf("s")).toEqual(before);
  expect(before[0]?.state.notes).toEqual(["taken over", "finished"]);
});

test("C4: an owner that wakes while another one is at work fails, and does not disturb it", async () => {
  const stopped = rival(500);
  await stopped.ask("drive", "s");
  stopped.signal("SIGSTOP");
  const work = new EventEmitter<{ begun: []; done: [string] }>();
  const runner = new AppRunner(
    labour(async () => {
      work.emit("begun");
      return ((await once(work, "done")) as [string])[0];
    }),
    { checkpointer: store },
  );
  const begun = once(work, "begun");
  const driving = driveWhenFree(runner);
  await begun;
  stopped.signal("SIGCONT");
  stopped.say("release");
  const answers = [await stopped.hear(), await stopped.hear()];
  expect(answers.find(({ error }) => error !== undefined)?.error).toMatchObject({
    code: "CHECKPOINT_CONFLICT",
    takenBy: expect.stringContaining(`/${process.pid}/`) as string,
  });
  work.emit("done", "taken over");
  await driving;
  expect((await runner.session("s")).state.notes).toEqual(["taken over", "finished"]);
  await expectChain("s", 3);
});

test("C4: an owner that slept beyond its lease goes on when nobody has taken over", async () => {
  const stopped = rival(300);
  await stopped.ask("drive", "s");
  stopped.signal("SIGSTOP");
  await sleep(600);
  stopped.signal("SIGCONT");
  stopped.say("release");
  const answers = [await stopped.hear(), await stopped.hear()];
  expect(answers.find(({ sessionId }) => sessionId === "s")).toEqual({ sessionId: "s", outcome: "completed" });
  await expectChain("s", 3);
});

test("C4: an owner that was killed holds nobody up, however long its lease", async () => {
  const killed = rival(600_000);
  await killed.ask("drive", "s");
  await killed.kill();
  const runner = new AppRunner(
    labour(async () => "went on"),
    { checkpointer: store },
  );
  expect(await runner.runUntilComplete("s")).toMatchObject({
    outcome: "completed",
    state: { notes: ["went on", "finished"] },
  });
});

test("C4: an owner of whom nothing can be known holds a session until its lease ends", async () => {
  const clock = new TestClock(1_000);
  const runner = new AppRunner(
    approval(async () => "done"),
    { checkpointer: store, lease: { clock } },
  );
  await runner.invoke("s");
  const owner = "another-host~0/1/x";
  const claim = { sessionId: "s", owner, at: clock.now(), ttlMs: 5_000 };
  expect(await store.acquire(claim)).toMatchObject({ kind: "granted" });
  await clock.advance(4_999);
  await expect(runner.resume("s", "yes")).rejects.toMatchObject({ code: "SESSION_BUSY", owner, since: 1_000 });
  await clock.advance(1);
  expect(await runner.resume("s", "yes")).toMatchObject({ outcome: "completed" });
});
