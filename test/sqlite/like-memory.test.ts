/** Whatever is done to a SQLite store, it stands as a store in memory would: the same sessions, lines, notes and records. */
import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryCheckpointer, SuperstepError } from "../../src/index.js";
import { type Checkpoint, type Note, targetOf, tasksOf } from "../../src/session/checkpoint.js";
import type { Checkpointer, StoredSession } from "../../src/session/checkpointer.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { applyDeltas, type Delta } from "../../src/state/delta.js";
import type { TaskRecord } from "../../src/superstep/record.js";
import { firstOf, nextOf, PLAIN_NOTE } from "../../src/testing/checkpoints.js";

const IDS = ["a", "b", "c", "d"];
type Id = (typeof IDS)[number];

type Act =
  | { readonly do: "begin"; readonly id: Id; readonly replace: boolean; readonly size: number }
  | {
      readonly do: "step";
      readonly id: Id;
      readonly size: number;
      readonly gap: number;
      readonly ephemeral: boolean;
      readonly moved: boolean;
    }
  | { readonly do: "whole"; readonly id: Id; readonly size: number }
  | { readonly do: "update"; readonly id: Id; readonly size: number }
  | {
      readonly do: "annotate";
      readonly id: Id;
      readonly note: boolean;
      readonly discard: boolean;
      readonly records: number;
    }
  | {
      readonly do: "fork";
      readonly id: Id;
      readonly as: Id;
      readonly back: number;
      readonly replace: boolean;
      readonly whole: boolean;
    }
  | { readonly do: "delete"; readonly id: Id }
  | {
      readonly do: "prune";
      readonly id: Id | undefined;
      readonly keepLast: number | undefined;
      readonly age: number | undefined;
    }
  | { readonly do: "lease"; readonly id: Id }
  | { readonly do: "reopen" };

const id = fc.constantFrom(...IDS);
const size = fc.oneof(
  { weight: 4, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.integer({ min: 2_000, max: 9_000 }) },
);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("begin" as const), id, replace: fc.boolean(), size }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("step" as const),
      id,
      size,
      gap: fc.constantFrom(0, 0, 0, 1, 4),
      ephemeral: fc.constantFrom(false, false, true),
      moved: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("whole" as const), id, size }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("update" as const), id, size }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("annotate" as const),
      id,
      note: fc.boolean(),
      discard: fc.boolean(),
      records: fc.nat(3),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("fork" as const),
      id,
      as: id,
      back: fc.nat(5),
      replace: fc.boolean(),
      whole: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), id }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("prune" as const),
      id: fc.option(id, { nil: undefined }),
      keepLast: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      age: fc.option(fc.nat(6), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lease" as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

const EVERYTHING = { limit: 1_000 };

test("T2, T6: a SQLite store stands as a store in memory, whatever is committed, forked, pruned and deleted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 10, maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (acts, limit) => {
        const pair = new Pair();
        for (const one of acts) await pair.perform(one);
        for (const one of IDS) await pair.compare(one, limit);
        expect(await pair.sqlite.list({ limit: 9 })).toEqual(await pair.memory.list({ limit: 9 }));
        for (const one of IDS) await pair.both(async (store) => store.delete(one));
        expect(pair.rowsLeft()).toEqual([0, 0, 0]);
        pair.database.close();
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

/** Two stores that everything is done to. */
class Pair {
  readonly database = new Database(":memory:");
  readonly memory = new MemoryCheckpointer();
  sqlite: Checkpointer = new SqliteCheckpointer(this.database);
  #count = 0;
  #clock = 1_000;

  async perform(one: Act): Promise<void> {
    if (one.do === "reopen") this.sqlite = new SqliteCheckpointer(this.database);
    else if (one.do === "prune") await this.#prune(one);
    else if (one.do === "delete") await this.both(async (store) => store.delete(one.id));
    else if (one.do === "lease") await this.#lease(one.id);
    else if (one.do === "begin") await this.#commit(this.#first(one.id, one.size), { replace: one.replace });
    else if (one.do === "fork") await this.#fork(one);
    else if (one.do === "annotate") await this.#annotate(one);
    else await this.#advance(one);
  }

  async both<T>(work: (store: Checkpointer) => Promise<T>): Promise<T | string> {
    const [ours, theirs] = [await outcome(() => work(this.memory)), await outcome(() => work(this.sqlite))];
    expect(theirs).toEqual(ours);
    return ours;
  }

  async compare(sessionId: string, limit: number): Promise<void> {
    expect(plain(await this.sqlite.load(sessionId))).toEqual(plain(await this.memory.load(sessionId)));
    const line = [...(await this.memory.history(sessionId, EVERYTHING))];
    const pages: Checkpoint[] = [];
    for (;;) {
      const last = pages.at(-1);
      const page = await this.sqlite.history(sessionId, { limit, ...(last && { before: { seq: last.seq } }) });
      if (page.length === 0) break;
      pages.push(...page);
    }
    expect(pages.map(plain)).toEqual(line.map(plain));
    expect(pages.every(({ state }, place) => Object.isFrozen(state) && Object.isFrozen(pages[place]))).toBe(true);
    for (const { incarnation, seq, step } of line) {
      for (const place of [{ incarnation, seq }, { incarnation, seq: seq + 1 }, { step }, { step: step + 1 }])
        expect(plain(await this.sqlite.at(sessionId, place))).toEqual(plain(await this.memory.at(sessionId, place)));
      const older = { limit: 2, before: { step } };
      expect((await this.sqlite.history(sessionId, older)).map(plain)).toEqual(
        (await this.memory.history(sessionId, older)).map(plain),
      );
    }
    const lowest = line.at(-1);
    if (lowest !== undefined)
      for (const place of [{ step: lowest.step - 1 }, { incarnation: lowest.incarnation, seq: lowest.seq - 1 }])
        expect(await this.sqlite.at(sessionId, place)).toEqual(await this.memory.at(sessionId, place));
  }

  rowsLeft(): number[] {
    return ["session", "log", "pending"].map(
      (table) => (this.database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n,
    );
  }

  #first(sessionId: string, length: number): Checkpoint {
    const state = { list: ["x".repeat(length)], n: 0, now: undefined };
    return { ...firstOf(sessionId, { state, incarnation: `i${++this.#count}` }), createdAt: this.#clock };
  }

  async #commit(checkpoint: Checkpoint, options: Parameters<Checkpointer["commit"]>[1]): Promise<void> {
    await this.both(async (store) => {
      await store.commit(checkpoint, options);
    });
  }

  async #advance(one: Extract<Act, { do: "step" | "whole" | "update" }>): Promise<void> {
    const stored = await this.memory.load(one.id);
    if (stored === undefined) return;
    const former = stored.checkpoint;
    const append: Delta = [{ op: "append", path: [], items: ["y".repeat(one.size)] }];
    this.#clock += [1, 1, -1][++this.#count % 3] ?? 1;
    const next = { ...nextOf(former, "list", append), createdAt: this.#clock };
    if (one.do === "whole") {
      const state = Object.freeze({ ...next.state, list: Object.freeze(["new"]), more: 1 });
      await this.#commit({ ...next, state, ephemeral: [] }, { whole: true });
    } else if (one.do === "update") {
      const { frontier, step, ephemeral } = former;
      const update = { source: "update", step, frontier, ran: [], note: stored.note, ephemeral } as const;
      await this.#commit(
        { ...next, ...update, deltas: next.deltas.map((delta) => ({ ...delta, task: NOBODY })) },
        { keepsRecords: true },
      );
    } else {
      const seq = next.seq + one.gap;
      const state = Object.freeze({ ...next.state, now: one.ephemeral ? { n: this.#count } : undefined });
      const frontier = tasksOf(one.moved ? ["b", { node: "c", input: { n: 1 } }] : ["a"], former.incarnation, seq);
      const ephemeral = one.ephemeral ? ["now"] : [];
      await this.#commit({ ...next, seq, state, frontier, ephemeral, step: next.step + one.gap }, {});
    }
  }

  async #annotate(one: Extract<Act, { do: "annotate" }>): Promise<void> {
    const stored = await this.memory.load(one.id);
    if (stored === undefined) return;
    const { sessionId, incarnation, seq } = stored.checkpoint;
    const records = RECORDS.slice(0, one.records).map((record) => ({ ...record, taskId: `t${this.#count++ % 3}` }));
    const note = one.note ? { note: { ...PAUSED, issued: this.#count } } : {};
    const write = { sessionId, incarnation, seq, at: this.#clock, records, discardResults: one.discard, ...note };
    await this.both(async (store) => store.annotate(write));
  }

  async #fork(one: Extract<Act, { do: "fork" }>): Promise<void> {
    const line = await this.memory.history(one.id, EVERYTHING);
    const origin = line[Math.min(one.back, line.length - 1)];
    if (origin === undefined) return;
    const incarnation = `i${++this.#count}`;
    const seq = origin.seq + 1;
    const delta: Delta = one.whole ? [] : [{ op: "append", path: [], items: ["fork"] }];
    const value: unknown = applyDeltas(origin.state.list as unknown, [delta]);
    const list = one.whole ? Object.freeze(["whole"]) : value;
    const fork: Checkpoint = {
      ...origin,
      sessionId: one.as,
      incarnation,
      seq,
      parentSeq: undefined,
      forkedFrom: { incarnation: origin.incarnation, seq: origin.seq },
      source: "fork",
      ephemeral: [],
      state: Object.freeze({ ...origin.state, list, now: undefined }),
      frontier: tasksOf(origin.frontier.map(targetOf), incarnation, seq),
      ran: [],
      deltas: [{ task: NOBODY, channel: "list", delta }],
      updatedChannels: [],
      note: PLAIN_NOTE,
    };
    await this.#commit(fork, { origin: one.id, replace: one.replace, whole: one.whole });
  }

  async #prune({ id: sessionId, keepLast, age }: Extract<Act, { do: "prune" }>): Promise<void> {
    const policy = {
      ...(sessionId !== undefined && { sessionId }),
      ...(keepLast !== undefined && { keepLast }),
      ...(age !== undefined && { madeBefore: this.#clock - age }),
    };
    const { checkpoints } = await this.memory.prune(policy);
    const size = () =>
      this.database
        .prepare("SELECT sum(octet_length(body) + coalesce(octet_length(snapshot), 0)) AS n FROM log")
        .get() as { n: number };
    const before = size().n;
    const { bytes, ...pruned } = await this.sqlite.prune(policy);
    expect(pruned).toEqual({ checkpoints });
    expect(bytes).toBeGreaterThanOrEqual(0);
    expect(before - size().n).toBe(bytes);
  }

  async #lease(sessionId: string): Promise<void> {
    const answer = await this.both(async (store) => store.acquire({ sessionId, owner: "me", at: 1, ttlMs: 10 }));
    if (typeof answer === "string" || answer.kind !== "granted") return;
    await this.both(async (store) => store.renew([answer.lease], 20));
    await this.both(async (store) => store.release(answer.lease));
  }
}

const NOBODY = { id: "nobody", node: "nobody" };
const PAUSED: Note = { status: { kind: "paused", reason: { kind: "hook", detail: 1 } }, passed: ["hook"], issued: 1 };
const RECORDS: readonly TaskRecord[] = [
  { kind: "result", taskId: "t", outcome: { updates: [], routes: [] } },
  { kind: "once", taskId: "t", key: "x|result", value: [1] },
  { kind: "interrupt", taskId: "t", node: "a", index: 0, id: "i-1", payload: 1 },
];

/** What came of it: the code, when it was refused. */
async function outcome<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (!SuperstepError.is(error)) throw error;
    return error.code;
  }
}

/** By value. An inherited checkpoint may bear the name of the session that it was made in. */
function plain(value: Checkpoint | StoredSession | undefined): unknown {
  if (value === undefined) return undefined;
  return "checkpoint" in value ? { ...value, checkpoint: plain(value.checkpoint) } : { ...value, sessionId: "" };
}
