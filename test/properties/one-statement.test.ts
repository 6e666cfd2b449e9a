/** A superstep that is written with one statement stands in the file as if it had been written the long way, and is refused as it would be. */
import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Checkpoint, SuperstepError } from "../../src/index.js";
import { type Note, targetOf, tasksOf } from "../../src/session/checkpoint.js";
import type { Checkpointer, CommitOptions } from "../../src/session/checkpointer.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import type { TaskRecord } from "../../src/superstep/record.js";
import { firstOf, forkOf, nextOf, PLAIN_NOTE, updateOf } from "../../src/testing/checkpoints.js";
import { ShortWay } from "../sqlite/short-way.js";

/** Mostly one session, as most are driven alone. */
const id = fc.constantFrom("a", "a", "a", "a", "a", "b", "c");
/** Which of the two processes acts. */
const by = fc.constantFrom(0, 0, 0, 0, 0, 0, 1);
const size = fc.oneof(
  { weight: 4, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.integer({ min: 2_000, max: 9_000 }) },
);
const seldom = fc.constantFrom(...new Array<boolean>(9).fill(false), true);
const fence = fc.constantFrom("own" as const, "own", "own", "own", "own", "own", "none" as const, "wrong" as const);

const step = fc.record({
  do: fc.constant("step" as const),
  ...{ id, by, size },
  gap: fc.constantFrom(0, 0, 0, 0, 1, 4),
  ephemeral: seldom,
  whole: seldom,
  /** On a checkpoint that is the head no longer. */
  isLate: seldom,
  fence,
  moved: seldom,
});
const annotate = fc.record({
  do: fc.constant("annotate" as const),
  ...{ id, by },
  note: fc.boolean(),
  discard: seldom,
  records: fc.nat(2),
  fence,
});
const act = fc.oneof(
  { weight: 36, arbitrary: step },
  { weight: 6, arbitrary: annotate },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("update" as const), id, by, size }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("begin" as const), id, by, replace: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fork" as const), id, as: id, by, replace: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lease" as const), id, by }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), id, by }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("load" as const), id, by }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), id, by }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("prune" as const), id, by, keepLast: fc.integer({ min: 1, max: 4 }) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;
type Of<D extends Act["do"]> = Extract<Act, { readonly do: D }>;

const PAUSED: Note = { status: { kind: "paused", reason: { kind: "hook", detail: 1 } }, passed: ["hook"], issued: 1 };
const RECORDS: readonly TaskRecord[] = [
  { kind: "result", taskId: "t", outcome: { updates: [], routes: [] } },
  { kind: "once", taskId: "t", key: "x", value: { n: 1 } },
];

test.each(["normal", "full"] as const)(
  "C1, C4: one statement writes what the long way writes, and where that refuses, it does too (synchronous %s)",
  async (synchronous) => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 50 }), async (acts) => {
        const twins = new Twins(synchronous);
        await twins.begin();
        for (const one of acts) await twins.perform(one);
        expect(twins.long.taken).toBe(0);
        expect(twins.long.tried).toBeGreaterThanOrEqual(twins.short.tried);
        taken += twins.short.taken;
        twins.close();
      }),
      { numRuns: 200 },
    );
    expect(taken).toBeGreaterThan(300);
  },
  60_000,
);

/** Two files to which everything is done: one takes the short way where it can, the other never. */
class Twins {
  readonly #databases = [new Database(":memory:"), new Database(":memory:")] as const;
  readonly short = new ShortWay(this.#databases[0]);
  readonly long = new ShortWay(this.#databases[1], { isOpen: false });
  readonly #processes: readonly (readonly [short: Checkpointer, long: Checkpointer])[];
  /** Of each session, newest last. */
  readonly #lines = new Map<string, Checkpoint[]>();
  readonly #fences = new Map<string, number>();
  #count = 0;

  constructor(synchronous: "normal" | "full") {
    this.#processes = [0, 1].map(() => [
      new SqliteCheckpointer(this.short, { synchronous }),
      new SqliteCheckpointer(this.long, { synchronous }),
    ]);
  }

  /** One session under its lease, as most are. */
  async begin(): Promise<void> {
    await this.perform({ do: "lease", id: "a", by: 0 });
    await this.perform({ do: "begin", id: "a", by: 0, replace: false });
  }

  close(): void {
    for (const database of this.#databases) database.close();
  }

  async perform(one: Act): Promise<void> {
    if (one.do === "lease") await this.#lease(one);
    else if (one.do === "release") await this.#release(one);
    else if (one.do === "delete") await this.#both(one, async (store) => store.delete(one.id));
    else if (one.do === "prune")
      await this.#both(one, (store) => store.prune({ sessionId: one.id, keepLast: one.keepLast }));
    else if (one.do === "begin") await this.#begin(one);
    else if (one.do === "load") await this.#both(one, (store) => store.load(one.id, this.#headOf(one.id)));
    else await this.#goOn(one);
    if (one.do === "delete") this.#lines.delete(one.id);
    expect(rowsOf(this.#databases[0])).toEqual(rowsOf(this.#databases[1]));
  }

  #headOf(sessionId: string): Checkpoint | undefined {
    return this.#lines.get(sessionId)?.at(-1);
  }

  async #goOn(one: Of<"step" | "annotate" | "update" | "fork">): Promise<void> {
    const head = this.#headOf(one.id);
    if (head === undefined) return;
    if (one.do === "step") await this.#step(one, head);
    else if (one.do === "annotate") await this.#annotate(one, head);
    else if (one.do === "fork") await this.#fork(one, head);
    else await this.#commit(one, updateOf(head, "list", appended(one.size)), { keepsRecords: true });
  }

  async #both<T>(
    { by: process }: { readonly by: number },
    work: (store: Checkpointer) => T,
  ): Promise<Awaited<T> | Refusal> {
    const [short, long] = this.#processes[process] as readonly [Checkpointer, Checkpointer];
    const [ours, theirs] = [await outcome(() => work(short)), await outcome(() => work(long))];
    expect(ours).toEqual(theirs);
    return ours;
  }

  async #commit(one: { readonly by: number }, checkpoint: Checkpoint, options: CommitOptions): Promise<void> {
    const { sessionId, parentSeq } = checkpoint;
    const answer = await this.#both(one, async (store) => store.commit(checkpoint, options));
    if (typeof answer !== "number") return;
    const line = parentSeq === undefined ? [] : (this.#lines.get(sessionId) ?? []);
    this.#lines.set(sessionId, [...line, checkpoint]);
  }

  async #begin(one: Of<"begin">): Promise<void> {
    const first = firstOf(one.id, { state: { list: ["x"], n: 0, now: undefined }, incarnation: `i${++this.#count}` });
    await this.#commit(one, first, { replace: one.replace });
  }

  async #step(one: Of<"step">, head: Checkpoint): Promise<void> {
    const line = this.#lines.get(one.id) ?? [];
    const former = one.isLate ? (line.at(-2) ?? head) : head;
    const next = nextOf(former, "list", appended(one.size));
    const seq = next.seq + one.gap;
    const state = Object.freeze({ ...next.state, now: one.ephemeral ? { n: this.#count } : undefined });
    const frontier = tasksOf(one.moved ? ["b", { node: "c", input: { n: 1 } }] : ["a"], next.incarnation, seq);
    const ephemeral = one.ephemeral ? ["now"] : [];
    const options = { whole: one.whole, ...this.#fenceOf(one) };
    await this.#commit(one, { ...next, seq, state, frontier, ephemeral }, options);
  }

  #fenceOf({ id: sessionId, by: process, fence: which }: Of<"step" | "annotate">): { readonly fence?: number } {
    const own = { own: this.#fences.get(`${sessionId} ${process}`), none: undefined, wrong: 77 }[which];
    return own === undefined ? {} : { fence: own };
  }

  async #annotate(one: Of<"annotate">, { sessionId, incarnation, seq }: Checkpoint): Promise<void> {
    const records = RECORDS.slice(0, one.records).map((record) => ({ ...record, taskId: `t${this.#count++ % 3}` }));
    const note = one.note ? { note: { ...PAUSED, issued: this.#count } } : {};
    const write = {
      sessionId,
      incarnation,
      seq,
      at: 1_500,
      records,
      discardResults: one.discard,
      ...note,
      ...this.#fenceOf(one),
    };
    await this.#both(one, async (store) => store.annotate(write));
  }

  async #fork(one: Of<"fork">, origin: Checkpoint): Promise<void> {
    const incarnation = `i${++this.#count}`;
    const frontier = origin.frontier.map(targetOf);
    const plain = { ...origin, ephemeral: [], state: Object.freeze({ ...origin.state, now: undefined }) };
    const fork = forkOf(plain, one.as, { frontier, note: PLAIN_NOTE, incarnation });
    await this.#commit(one, fork, { origin: one.id, replace: one.replace });
  }

  /** Whoever had it loses it. */
  async #lease({ id: sessionId, by: process }: Of<"lease">): Promise<void> {
    const claim = { sessionId, owner: `p${process}`, at: 1, ttlMs: 0 };
    const answer = await this.#both({ by: process }, async (store) => store.acquire(claim));
    if ("kind" in answer && answer.kind === "granted") this.#fences.set(`${sessionId} ${process}`, answer.lease.fence);
  }

  async #release(one: Of<"release">): Promise<void> {
    const fence = this.#fences.get(`${one.id} ${one.by}`) ?? 77;
    await this.#both(one, async (store) => store.release({ sessionId: one.id, fence }));
  }
}

function appended(length: number) {
  return [{ op: "append" as const, path: [], items: ["y".repeat(length)] }];
}

interface Refusal {
  readonly refused: object;
}

/** What came of it: all that is told of it, when it was refused. */
async function outcome<T>(work: () => T): Promise<Awaited<T> | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (!SuperstepError.is(error)) throw error;
    const { code, message } = error;
    return { refused: { ...error, code, message } };
  }
}

/** Everything in the file. */
function rowsOf(database: Database.Database): readonly unknown[] {
  return ["session", "log", "pending", "lease"].map((table) =>
    database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all(),
  );
}
