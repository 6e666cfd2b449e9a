/** One session, run in every way there is, ends in the same bytes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AppRunner, type Checkpointer, MemoryCheckpointer } from "../../src/index.js";
import { encodeBody, encodeSnapshot } from "../../src/session/log-record.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { intercept } from "../../src/testing.js";
import { appOf, type Program, type ProgramRunner, programs } from "./programs.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-ends-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// A join that stalls is stored with its stack, which tells how the superstep was called.
Error.stackTraceLimit = 0;

/** Supersteps that no program needs. */
const ENOUGH = 60;
const repeatable = { random: () => 0.5, clock: { now: () => 7, sleep: () => new Promise<never>(() => undefined) } };

type Graph = ReturnType<typeof appOf>;
/** Brings session "s" to its end; `open` opens the store as a new process would. */
type Way = (app: Graph, open: () => Checkpointer) => Promise<void>;

const runnerOn = (app: Graph, checkpointer: Checkpointer, lease?: { readonly ttlMs: number }): ProgramRunner =>
  new AppRunner(app, { ...repeatable, checkpointer, ...(lease && { lease }) });

async function isOver(runner: ProgramRunner): Promise<boolean> {
  const { status } = await runner.session("s");
  return status.kind === "completed" || status.kind === "failed";
}

/** A join may stall, and a program may go on for ever: both are ends like any other. */
async function quietly(call: Promise<unknown>): Promise<void> {
  await call.catch(() => undefined);
}

const runThrough: Way = async (app, open) => {
  const store = open();
  await quietly(runnerOn(app, store).invoke("s", {}, { maxSteps: ENOUGH }));
  await store.close();
};

const singleStepped: Way = async (app, open) => {
  const store = open();
  const runner = runnerOn(app, store);
  await runner.createSession("s");
  for (let n = 0; n < ENOUGH && !(await isOver(runner)); n++) await quietly(runner.runStep("s"));
  await store.close();
};

const reopenedAtEachStep: Way = async (app, open) => {
  for (let n = 0, over = false; n <= ENOUGH && !over; n++) {
    const store = open();
    const runner = runnerOn(app, store);
    if (n === 0) await runner.createSession("s");
    else await quietly(runner.runStep("s"));
    over = await isOver(runner);
    await store.close();
  }
};

/** The first runner's store stops answering for ever at its n-th call. */
function killedAt(nth: number): Way {
  return async (app, open) => {
    const store = open();
    let calls = 0;
    const killed = new Promise<void>((die) => {
      const dying = intercept(store, ({ proceed }) => {
        if (++calls < nth) return proceed();
        die();
        return new Promise(() => undefined);
      });
      const first = runnerOn(app, dying, { ttlMs: 0 });
      void quietly(first.invoke("s", {}, { maxSteps: ENOUGH })).then(die);
    });
    await killed;
    const runner = runnerOn(app, store);
    await runner.createSession("s", {}, { ifExists: "resume" });
    const done = (await runner.session("s")).step;
    if (!(await isOver(runner))) await quietly(runner.runUntilComplete("s", { maxSteps: Math.max(1, ENOUGH - done) }));
    await store.close();
  };
}

interface Row {
  readonly body: string;
  readonly snapshot: string | null;
}

/** What stands in the file, as it stands there. */
async function bytesInFile(program: Program, way: Way, wait?: () => Promise<void>): Promise<readonly Row[]> {
  const own = mkdtempSync(join(folder, "file-"));
  const file = join(own, "s.db");
  const options = { synchronous: "normal" } as const;
  await way(appOf(program, wait && { wait }), () => new SqliteCheckpointer(file, options));
  const database = new Database(file, { readonly: true });
  const rows = database.prepare("SELECT * FROM log ORDER BY id").all() as Row[];
  database.close();
  rmSync(own, { recursive: true });
  return rows;
}

/** What would stand in a file, of what stands in memory. */
async function bytesInMemory(program: Program, way: Way): Promise<readonly string[]> {
  const store = new MemoryCheckpointer();
  await way(appOf(program), () => store);
  const line = store.history("s", { limit: 1_000 }).toReversed();
  const head = line.at(-1);
  const fingerprint = line[0]?.fingerprint ?? "";
  const bodies = line.map((one, place) => {
    const parent = line[place - 1];
    return encodeBody(one, { parent: parent && { ...parent, fingerprint } });
  });
  return [...bodies, head ? encodeSnapshot(head) : ""];
}

test("C5, F6: run through, single-stepped, reopened at each step, killed and resumed, in any order of completion: the same bytes", async () => {
  const order = fc.array(fc.nat(3), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(programs, order, fc.integer({ min: 2, max: 25 }), async (program, turns, nth) => {
      const expected = await bytesInFile(program, runThrough);
      let waited = 0;
      const wait = async () => {
        for (let n = turns[waited++ % turns.length] ?? 0; n > 0; n--) await nextTurn();
      };
      expect(await bytesInFile(program, singleStepped)).toEqual(expected);
      expect(await bytesInFile(program, reopenedAtEachStep)).toEqual(expected);
      expect(await bytesInFile(program, killedAt(nth))).toEqual(expected);
      expect(await bytesInFile(program, runThrough, wait)).toEqual(expected);
      expect(await bytesInFile(program, killedAt(nth), wait)).toEqual(expected);
    }),
    { numRuns: 25 },
  );
}, 60_000);

test("C5: in memory the same, and the same as in a file", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.integer({ min: 2, max: 25 }), async (program, nth) => {
      const expected = await bytesInMemory(program, runThrough);
      expect(await bytesInMemory(program, singleStepped)).toEqual(expected);
      expect(await bytesInMemory(program, killedAt(nth))).toEqual(expected);
      const rows = await bytesInFile(program, runThrough);
      expect(rows.map(({ body }) => body)).toEqual(expected.slice(0, -1));
    }),
    { numRuns: 60 },
  );
}, 60_000);
