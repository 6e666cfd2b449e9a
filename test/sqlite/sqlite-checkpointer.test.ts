import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import {
  AppRunner,
  append,
  CheckpointConflictError,
  CheckpointCorruptError,
  CheckpointError,
  END,
  ephemeral,
  InvalidOptionError,
  lastValue,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { firstOf, nextOf } from "../../src/testing.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = () => join(folder, `${++files}.db`);

const counting = new StateGraph({ n: sum(), log: append<string>() })
  .addNode("count", (state) => ({ n: 1, log: `at ${state.n}` }))
  .addEdge(START, "count")
  .addConditionalEdges("count", (state) => (state.n >= 10 ? END : "count"), ["count", END])
  .compile();

test("T1: what one process committed, another opens and goes on with", async () => {
  const path = freshPath();
  const first = new SqliteCheckpointer(path);
  await new AppRunner(counting, { checkpointer: first })
    .runUntilComplete((await new AppRunner(counting, { checkpointer: first }).createSession("s")).sessionId, {
      maxSteps: 4,
    })
    .catch(() => undefined);
  await first.close();
  const second = new SqliteCheckpointer(path);
  const runner = new AppRunner(counting, { checkpointer: second });
  expect(await runner.session("s")).toMatchObject({
    step: 4,
    state: { n: 4 },
    status: { kind: "ready" },
    versions: { n: 4, log: 4 },
  });
  const result = await runner.runUntilComplete("s");
  expect(result.state.log).toEqual(Array.from({ length: 10 }, (_, i) => `at ${i}`));
  await second.close();
});

test("T1: 800 supersteps that append 1 KB each make a file of at most 3 MB", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path, { synchronous: "normal" });
  const app = new StateGraph({ n: sum(), log: append<string>() })
    .addNode("write", (state) => ({ n: 1, log: String(state.n).padEnd(1024, "x") }))
    .addEdge(START, "write")
    .addConditionalEdges("write", (state) => (state.n >= 800 ? END : "write"), ["write", END])
    .compile();
  await new AppRunner(app, { checkpointer: store }).invoke("s", undefined, { maxSteps: 1_000 });
  await store.close();
  expect(statSync(path).size).toBeLessThanOrEqual(3 * 1024 * 1024);
});

test("T1: a chain never weighs more than its snapshot and 8 KiB", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  let last = firstOf("s", { state: { list: [] } });
  await store.commit(last);
  for (let i = 0; i < 300; i++) {
    last = nextOf(last, "list", [{ op: "append", path: [], items: ["y".repeat(i)] }]);
    await store.commit(last);
  }
  const rows = database.prepare("SELECT base_weight, weight FROM log").all() as {
    base_weight: number;
    weight: number;
  }[];
  expect(rows.every(({ base_weight, weight }) => weight <= Math.max(base_weight, 8 * 1024))).toBe(true);
  expect((await store.load("s"))?.checkpoint.state).toEqual(last.state);
});

test("synchronous is FULL unless said otherwise, and stays so after the first transaction in WAL", async () => {
  const database = new Database(freshPath());
  const store = new SqliteCheckpointer(database);
  await store.commit(firstOf("s"));
  expect(database.pragma("synchronous", { simple: true })).toBe(2);
  expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
  const relaxed = new Database(freshPath());
  await new SqliteCheckpointer(relaxed, { synchronous: "normal" }).commit(firstOf("s"));
  expect(relaxed.pragma("synchronous", { simple: true })).toBe(1);
  database.close();
  relaxed.close();
});

test("writes of one turn of the event loop share one transaction", async () => {
  const database = new Database(freshPath());
  const store = new SqliteCheckpointer(database);
  let begun = 0;
  const observer = new Database(database.name);
  const version = () => observer.pragma("data_version", { simple: true }) as number;
  const before = version();
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.commit(firstOf(`s${i}`))));
  begun = version() - before;
  expect(begun).toBe(1);
  observer.close();
  database.close();
});

test("a store closes a database only if it opened it", async () => {
  const database = new Database(":memory:");
  await new SqliteCheckpointer(database).close();
  expect(database.open).toBe(true);
  database.close();
});

test("a missing folder, a folder in place of a file, and a file of another program are typed errors that say what to do", () => {
  expect(() => new SqliteCheckpointer(join(folder, "missing", "a.db"))).toThrow(CheckpointError);
  expect(() => new SqliteCheckpointer(folder)).toThrow(CheckpointError);
  const text = freshPath();
  writeFileSync(text, "this is no database, only a long enough text file ".repeat(100));
  expect(() => new SqliteCheckpointer(text)).toThrow(CheckpointCorruptError);
});

test("T4: a file of a newer format is refused, and left as it is", () => {
  const path = freshPath();
  const database = new Database(path);
  database.pragma("user_version = 99");
  database.close();
  expect(() => new SqliteCheckpointer(path)).toThrow(/newer/);
  expect(new Database(path).pragma("user_version", { simple: true })).toBe(99);
});

test("options that mean nothing are refused by name", () => {
  for (const [option, value] of [
    ["synchronous", "off"],
    ["driver", "sql.js"],
    ["busyTimeoutMs", -1],
    ["busyTimeoutMs", Number.NaN],
  ] as const) {
    expect(() => new SqliteCheckpointer(":memory:", { [option]: value } as object)).toThrow(InvalidOptionError);
  }
  for (const path of ["", undefined, 7, {}])
    expect(() => new SqliteCheckpointer(path as string)).toThrow(InvalidOptionError);
});

test("C3: a write lock that another process holds is waited for, then a typed error, and nothing was written", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path, { busyTimeoutMs: 50 });
  const other = new Database(path);
  other.exec("BEGIN IMMEDIATE");
  await expect(store.commit(firstOf("s"))).rejects.toMatchObject({
    code: "CHECKPOINT_FAILED",
    help: expect.stringContaining("busyTimeoutMs"),
  });
  other.exec("ROLLBACK");
  expect(store.load("s")).toBeUndefined();
  await store.commit(firstOf("s"));
  expect(store.load("s")).toBeDefined();
  other.close();
  await store.close();
});

test("C3: a full disk is a typed error, nothing of the superstep is written, and the session goes on when there is room", async () => {
  const database = new Database(freshPath());
  const store = new SqliteCheckpointer(database);
  const app = new StateGraph({ text: lastValue("") })
    .addNode("grow", () => ({ text: "z".repeat(200_000) }))
    .addEdge(START, "grow")
    .addEdge("grow", END)
    .compile();
  const runner = new AppRunner(app, { checkpointer: store });
  await runner.createSession("s");
  const pages = database.pragma("page_count", { simple: true }) as number;
  database.pragma(`max_page_count = ${pages + 2}`);
  await expect(runner.runUntilComplete("s")).rejects.toMatchObject({ code: "CHECKPOINT_FAILED" });
  expect(await runner.session("s")).toMatchObject({ step: 0, state: { text: "" } });
  database.pragma("max_page_count = 1000000");
  expect((await runner.runUntilComplete("s")).outcome).toBe("completed");
  database.close();
});

test("C4: a commit after another process moved the session on is a conflict, and nothing of it is written", async () => {
  const path = freshPath();
  const [ours, theirs] = [new SqliteCheckpointer(path), new SqliteCheckpointer(path)];
  const first = firstOf("s", { state: { n: 0 } });
  await ours.commit(first);
  theirs.load("s");
  await theirs.commit(nextOf(first, "n", [{ op: "replace", path: [], value: 1 }]));
  await expect(ours.commit(nextOf(first, "n", [{ op: "replace", path: [], value: 2 }]))).rejects.toBeInstanceOf(
    CheckpointConflictError,
  );
  expect(ours.load("s")?.checkpoint.state).toEqual({ n: 1 });
  await ours.close();
  await theirs.close();
});

test("C4: a resume that comes after the winner's commit finds that the session is not paused", async () => {
  const path = freshPath();
  const app = new StateGraph({ answer: lastValue("") })
    .addNode("ask", (_state, ctx) => ({ answer: ctx.interrupt<string>("well?") }))
    .addEdge(START, "ask")
    .addEdge("ask", END)
    .compile();
  const runners = [1, 2].map(() => new AppRunner(app, { checkpointer: new SqliteCheckpointer(path) }));
  await runners[0]?.invoke("s");
  await runners[0]?.resume("s", "yes");
  await expect(runners[1]?.resume("s", "no")).rejects.toMatchObject({ code: "NOT_PAUSED" });
  expect((await runners[1]?.session("s"))?.state).toEqual({ answer: "yes" });
});

test("a flipped byte in a record is found, and named by session and checkpoint", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path);
  await store.commit(firstOf("s", { state: { secret: "abcdefgh" } }));
  await store.close();
  const database = new Database(path);
  database.exec("UPDATE log SET snapshot = replace(snapshot, 'abcdefgh', 'abcdefgX')");
  database.close();
  const reopened = new SqliteCheckpointer(path);
  expect(() => reopened.load("s")).toThrow('checkpoint "made-1" (step 0) of session "s" is damaged');
  await reopened.close();
});

test("an ephemeral value is never in the log", async () => {
  const database = new Database(":memory:");
  const app = new StateGraph({ n: sum(), secret: ephemeral<string>() })
    .addNode("make", () => ({ n: 1, secret: "hush-hush" }))
    .addNode("use", (state) => ({ n: state.secret === "hush-hush" ? 10 : 0 }))
    .addEdge(START, "make")
    .addEdge("make", "use")
    .addEdge("use", END)
    .compile();
  const runner = new AppRunner(app, { checkpointer: new SqliteCheckpointer(database) });
  await runner.createSession("s");
  await runner.runStep("s");
  expect((await new AppRunner(app, { checkpointer: new SqliteCheckpointer(database) }).session("s")).state.secret).toBe(
    "hush-hush",
  );
  const { state, versions } = await runner.runUntilComplete("s");
  expect(state).toEqual({ n: 11, secret: undefined });
  const reopened = new AppRunner(app, { checkpointer: new SqliteCheckpointer(database) });
  expect((await reopened.session("s")).versions).toEqual(versions);
  const log = database.prepare("SELECT group_concat(body || coalesce(snapshot, '')) AS text FROM log").get() as {
    text: string;
  };
  expect(log.text).not.toContain("hush-hush");
  expect(database.prepare("SELECT count(*) AS count FROM pending").get()).toEqual({ count: 0 });
  database.close();
});

test("a database that cannot be written is a typed error when it is opened", async () => {
  const path = freshPath();
  await new SqliteCheckpointer(path).close();
  const database = new Database(path, { readonly: true });
  expect(() => new SqliteCheckpointer(database)).toThrow(
    expect.objectContaining({ code: "CHECKPOINT_FAILED", help: expect.stringContaining("writable") }),
  );
  database.close();
});

test("a clock may count parts of milliseconds", async () => {
  const store = new SqliteCheckpointer(":memory:");
  const first = { ...firstOf("s"), createdAt: 1_000.25 };
  await store.commit(first);
  await store.annotate({ sessionId: "s", incarnation: "made", seq: 1, at: 1_000.5, records: [] });
  expect(store.load("s")?.checkpoint.createdAt).toBe(1_000.25);
  expect(store.list({ limit: 1 })[0]?.updatedAt).toBe(1_000.5);
  const claim = { sessionId: "s", owner: "me", at: 1.5, ttlMs: 0.25 };
  expect((await store.acquire(claim)).kind).toBe("granted");
  expect(await store.acquire({ ...claim, at: 1.7 })).toMatchObject({ kind: "held", holder: { since: 1.5 } });
});
