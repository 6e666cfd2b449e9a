/** Lines in a file: what forks share, what is read of the past, and what damage does to it (T1, T2). */
import Database from "better-sqlite3";
import { beforeAll, describe, expect, test } from "vitest";
import { CheckpointCorruptError, CheckpointNotFoundError } from "../../src/index.js";
import type { Checkpoint } from "../../src/session/checkpoint.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { replaceAll } from "../../src/state/delta.js";
import { firstOf, forkOf, nextOf } from "../../src/testing/checkpoints.js";
import { WatchedDatabase } from "./watched.js";

/** Checkpoints of a line of that length, each with one more item; committed. */
async function grow(store: SqliteCheckpointer, first: Checkpoint, length: number): Promise<readonly Checkpoint[]> {
  const line = [first];
  await store.commit(first);
  for (let last = first; line.length < length; line.push(last)) {
    last = nextOf(last, "list", [{ op: "append", path: [], items: [`item ${line.length}`] }]);
    await store.commit(last);
  }
  return line;
}

function listing(sessionId: string, text = ""): Checkpoint {
  return firstOf(sessionId, { state: { list: [], text } });
}

function weigh(database: Database.Database): {
  readonly rows: number;
  readonly bytes: number;
  readonly snapshots: number;
} {
  return database
    .prepare(
      "SELECT count(*) AS rows, count(snapshot) AS snapshots, sum(octet_length(body) + coalesce(octet_length(snapshot), 0)) AS bytes FROM log",
    )
    .get() as ReturnType<typeof weigh>;
}

test("T2: a fork shares what it starts from, whatever that weighs", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const line = await grow(store, listing("origin", "x".repeat(1_000_000)), 5);
  const before = weigh(database);
  for (const [place, origin] of line.entries())
    await store.commit(forkOf(origin, `fork ${place}`, { incarnation: `f${place}` }), { origin: "origin" });
  const after = weigh(database);
  expect(after.bytes - before.bytes).toBeLessThan(1_000);
  expect(after).toMatchObject({ rows: 10, snapshots: 1 });
  for (const [place, origin] of line.entries())
    expect(store.load(`fork ${place}`)?.checkpoint.state).toEqual(origin.state);
});

test("T4: each part of a forked line is of the graph that wrote it, also when its session is gone", async () => {
  const [one, two, three] = ["1111111111111111", "2222222222222222", "3333333333333333"] as const;
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const first = { ...listing("s"), fingerprint: one };
  const second = nextOf(first, "text", replaceAll("second"));
  const moved = { ...nextOf(second, "text", replaceAll("moved")), fingerprint: two };
  const fork = { ...forkOf(moved, "fork", { incarnation: "f" }), fingerprint: three };
  const forked = nextOf(fork, "text", replaceAll("forked"));
  const back = { ...nextOf(forked, "text", replaceAll("back")), fingerprint: one };
  for (const checkpoint of [first, second, moved]) await store.commit(checkpoint);
  await store.commit(fork, { origin: "s" });
  for (const checkpoint of [forked, back]) await store.commit(checkpoint);
  const graphs = (among: SqliteCheckpointer) =>
    among.history("fork", { limit: 9 }).map(({ fingerprint }) => fingerprint);
  const expected = [one, three, three, two, one, one];
  expect(graphs(store)).toEqual(expected);
  const named = database.prepare("SELECT count(*) AS n FROM log WHERE body LIKE '%\"g\":%'").get();
  expect(named).toEqual({ n: 2 });
  await store.delete("s");
  await store.commit({ ...listing("s"), fingerprint: two });
  await store.prune({ sessionId: "fork", keepLast: 5 });
  for (const among of [store, new SqliteCheckpointer(database)]) {
    expect(graphs(among)).toEqual(expected.slice(0, 5));
    expect(among.load("fork")?.checkpoint.fingerprint).toBe(one);
    expect(among.load("s")?.checkpoint.fingerprint).toBe(two);
  }
});

test("T1: a fork's chain goes on weighing where its origin's left off", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  let last = listing("s0", "y".repeat(5_000));
  await store.commit(last);
  for (let i = 1; i <= 60; i++) {
    const fork = forkOf(last, `s${i}`, {
      incarnation: `f${i}`,
      write: ["list", [{ op: "append", path: [], items: ["z".repeat(500)] }]],
    });
    await store.commit(fork, { origin: `s${i - 1}` });
    last = fork;
  }
  const rows = database.prepare("SELECT base_weight, weight FROM log").all() as {
    base_weight: number;
    weight: number;
  }[];
  expect(rows.every(({ base_weight, weight }) => weight <= Math.max(base_weight, 8 * 1024))).toBe(true);
  expect(weigh(database).snapshots).toBeGreaterThan(2);
  expect(store.load("s60")?.checkpoint.state).toEqual(last.state);
  expect(store.history("s60", { limit: 100 })).toHaveLength(61);
});

describe("of ten thousand supersteps", () => {
  const watched = new WatchedDatabase(new Database(":memory:"));
  let last = firstOf("long", { state: { list: [], n: 0 } });
  beforeAll(async () => {
    const store = new SqliteCheckpointer(watched, { synchronous: "normal" });
    await store.commit(last);
    for (let turn = 0; turn < 100; turn++) {
      const commits: (number | Promise<number>)[] = [];
      for (let i = 1; i <= 100; i++) {
        last =
          i === 50
            ? nextOf(last, "list", [{ op: "append", path: [], items: [`${turn} `.repeat(50)] }])
            : nextOf(last, "n", replaceAll(turn * 100 + i));
        commits.push(store.commit(last));
      }
      await Promise.all(commits);
    }
  }, 60_000);

  test("T1: no more than about twice the state is read when a new store opens the session", () => {
    const store = new SqliteCheckpointer(watched);
    watched.forget();
    expect(store.load("long")?.checkpoint.state).toEqual(last.state);
    const read = watched
      .rowsOf("log")
      .flatMap((row) => [row.body, row.snapshot].filter((text) => typeof text === "string"));
    expect(read.join("").length).toBeLessThan(2.5 * JSON.stringify(last.state).length);
  });

  test("T2: a page of fifty reads fifty-two rows at most, and no snapshot until a state is looked at", () => {
    const store = new SqliteCheckpointer(watched);
    for (const before of [undefined, { seq: 5_000 }]) {
      watched.forget();
      const page = store.history("long", { limit: 50, ...(before && { before }) });
      expect(page).toHaveLength(50);
      expect(watched.rowsOf("log").length).toBeLessThanOrEqual(52);
      expect(
        JSON.stringify(page.map(({ ran, deltas, note, step }) => ({ ran, deltas, note, step }))).length,
      ).toBeGreaterThan(0);
      expect(watched.rowsOf("log").some((row) => "snapshot" in row)).toBe(false);
      watched.forget();
      const counts = page.map(({ state, step }) => (state.n as number) - step);
      expect(counts.every((behind) => behind === 0 || behind === -1)).toBe(true);
      expect(watched.rowsOf("log").filter(({ snapshot }) => typeof snapshot === "string").length).toBeLessThanOrEqual(
        2,
      );
      expect(watched.answers.filter(({ sql }) => sql.includes("body, snapshot"))).toHaveLength(1);
    }
  });

  test("T2: a step is found by halving", () => {
    const store = new SqliteCheckpointer(watched);
    for (const step of [0, 1, 4_999, 9_999, 10_000]) {
      watched.forget();
      expect(store.at("long", { step })?.step).toBe(step);
      expect(watched.answers.filter(({ sql }) => sql.includes("LIMIT 1")).length).toBeLessThan(40);
    }
    expect(store.at("long", { step: 10_001 })).toBeUndefined();
    expect(store.history("long", { limit: 1, before: { step: 7_000.5 } })[0]?.step).toBe(7_000);
  });
});

test("B7: what a checkpoint of the past did not change is shared with the others of its page", async () => {
  const store = new SqliteCheckpointer(":memory:");
  const first = firstOf("s", { state: { list: [{ a: 1 }], doc: { deep: { x: 1 } }, n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  const third = nextOf(second, "list", [{ op: "append", path: [], items: [{ a: 2 }] }]);
  for (const checkpoint of [first, second, third]) await store.commit(checkpoint);
  const [newest, middle, oldest] = store.history("s", { limit: 3 }) as [Checkpoint, Checkpoint, Checkpoint];
  expect(newest.state.doc).toBe(oldest.state.doc);
  expect(middle.state.list).toBe(oldest.state.list);
  expect((newest.state.list as unknown[])[0]).toBe((oldest.state.list as unknown[])[0]);
  expect(newest.state).toBe(newest.state);
  expect(Object.isFrozen(newest) && Object.isFrozen(newest.state) && Object.isFrozen(newest.deltas[0]?.delta)).toBe(
    true,
  );
  expect(Object.keys({ ...newest })).toContain("state");
});

describe("where a record of the past is damaged", () => {
  async function damaged(sql: string): Promise<SqliteCheckpointer> {
    const database = new Database(":memory:");
    const store = new SqliteCheckpointer(database);
    await grow(store, listing("s"), 10);
    database.exec(sql);
    return store;
  }
  const steps = (page: readonly Checkpoint[]) => page.map(({ step }) => step);

  test("T1: it is named by session and step, and earlier ones stay readable", async () => {
    const store = await damaged("UPDATE log SET body = replace(body, 'item 5', 'item 6') WHERE step = 5");
    const message = 'checkpoint "made-6" (step 5) of session "s" is damaged';
    expect(() => store.at("s", { step: 5 })).toThrow(message);
    expect(() => store.at("s", { incarnation: "made", seq: 6 })).toThrow(message);
    expect(() => store.load("s")).toThrow(message);
    for (const step of [0, 1, 2, 3, 4]) expect(store.at("s", { step })?.state.list).toHaveLength(step);
  });

  test("T1: history gives the newer ones, then says what is damaged, and goes on below it when asked", async () => {
    const store = await damaged("UPDATE log SET body = replace(body, 'item 5', 'item 6') WHERE step = 5");
    const page = store.history("s", { limit: 100 });
    expect(steps(page)).toEqual([9, 8, 7]);
    expect(() => store.history("s", { limit: 100, before: { seq: page.at(-1)?.seq ?? 0 } })).toThrow(
      "(step 5) of session",
    );
    const below = store.history("s", { limit: 100, before: { step: 5 } });
    expect(below.map(({ step, state }) => [step, (state.list as unknown[]).length])).toEqual(
      [4, 3, 2, 1, 0].map((n) => [n, n]),
    );
  });

  test("T1: a row that is missing is damage, and never the end", async () => {
    const store = await damaged("DELETE FROM log WHERE step = 5");
    expect(steps(store.history("s", { limit: 100 }))).toEqual([9, 8, 7]);
    for (const read of [
      () => store.load("s"),
      () => store.at("s", { step: 5 }),
      () => store.at("s", { incarnation: "made", seq: 6 }),
      () => store.history("s", { limit: 100, before: { seq: 7 } }),
      () => store.history("s", { limit: 100, before: { seq: 6 } }),
      () => store.history("s", { limit: 100, before: { step: 6 } }),
      () => store.history("s", { limit: 100, before: { step: 5 } }),
    ]) {
      expect(read).toThrow(CheckpointCorruptError);
    }
    expect(steps(store.history("s", { limit: 100, before: { step: 4 } }))).toEqual([3, 2, 1, 0]);
  });

  test("T1: the oldest rows do not vanish unseen either", async () => {
    const store = await damaged("DELETE FROM log WHERE step < 2");
    const page = store.history("s", { limit: 100 });
    expect(steps(page)).toEqual([9, 8, 7, 6, 5, 4, 3]);
    expect(() => store.history("s", { limit: 100, before: { seq: 4 } })).toThrow(CheckpointCorruptError);
    expect(() => store.at("s", { step: 1 })).toThrow(CheckpointCorruptError);
  });

  test("T1: a damaged snapshot harms only the states that need it", async () => {
    const database = new Database(":memory:");
    const store = new SqliteCheckpointer(database);
    const first = firstOf("s", { state: { text: "a".repeat(3_000) } });
    const second = nextOf(first, "text", replaceAll("b".repeat(9_000)));
    const third = nextOf(second, "text", replaceAll("c"));
    for (const checkpoint of [first, second, third]) await store.commit(checkpoint);
    database.exec("UPDATE log SET snapshot = replace(snapshot, 'bb', 'bc') WHERE step = 1 AND snapshot IS NOT NULL");
    const [newest, middle, oldest] = store.history("s", { limit: 3 }) as [Checkpoint, Checkpoint, Checkpoint];
    expect(oldest.state).toEqual(first.state);
    expect(() => middle.state).toThrow('checkpoint "made-2" (step 1) of session "s" is damaged');
    expect(() => newest.state).toThrow("(step 1)");
    expect(newest.deltas).toEqual(third.deltas);
  });
});

test("T5: a state that was not looked at before its session was deleted, or pruned, is not found", async () => {
  const store = new SqliteCheckpointer(":memory:");
  await grow(store, listing("s"), 4);
  const page = store.history("s", { limit: 4 });
  const looked = store.history("s", { limit: 4 });
  expect(looked[3]?.state).toEqual({ list: [], text: "" });
  await store.prune({ sessionId: "s", keepLast: 2 });
  expect(page.slice(0, 2).map(({ state }) => (state.list as unknown[]).length)).toEqual([3, 2]);
  expect(() => page[2]?.state).toThrow(CheckpointNotFoundError);
  expect(looked[3]?.state).toEqual({ list: [], text: "" });
  const later = store.history("s", { limit: 1 });
  await store.delete("s");
  await store.commit(listing("s"));
  expect(() => later[0]?.state).toThrow(CheckpointNotFoundError);
});

test("T1: gaps that supersteps leave when only some are committed are no damage", async () => {
  const store = new SqliteCheckpointer(":memory:");
  const first = { ...listing("s"), seq: 3, step: 2 };
  await store.commit(first);
  const second = { ...nextOf(first, "list", [{ op: "append", path: [], items: [1] }]), seq: 9, step: 8 };
  await store.commit(second);
  expect(store.history("s", { limit: 9 }).map(({ seq, parentSeq }) => [seq, parentSeq])).toEqual([
    [9, 3],
    [3, undefined],
  ]);
  expect(store.at("s", { incarnation: "made", seq: 5 })).toBeUndefined();
  expect(store.at("s", { step: 5 })).toBeUndefined();
  expect(store.at("s", { step: 8 })?.state.list).toEqual([1]);
});
