/** Whatever is put, referred to, forked, pruned and deleted: exactly the artifacts stay that something refers to which can be read. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ArtifactRef,
  type Checkpoint,
  type Checkpointer,
  type CommitOptions,
  MemoryCheckpointer,
  type TaskRecord,
} from "../../src/index.js";
import { contentOfValue, readContent } from "../../src/session/artifact.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { artifactsIn } from "../../src/state/artifact-refs.js";
import { replaceAll } from "../../src/state/delta.js";
import { seal } from "../../src/state/seal.js";
import { firstOf, forkOf, nextOf, PLAIN_NOTE, updateOf } from "../../src/testing/checkpoints.js";

type Store = Checkpointer & Required<Pick<Checkpointer, "putArtifact" | "artifact" | "cache" | "cached">>;
interface Opened {
  readonly store: Store;
  /** The same bytes, opened again. */
  readonly reopen: () => Store;
  readonly count: () => number | undefined;
  readonly close: () => void;
}

const IDS = ["a", "b", "c"] as const;
const KEYS = ["k", "l"] as const;
const HOW_MANY = 5;
const ALL = 10_000;
const APART: CommitOptions = { apartAbove: new Map([["big", 60]]) };

const id = fc.constantFrom(...IDS);
const which = fc.nat(HOW_MANY - 1);
const places = fc.constantFrom("value", "list", "big", "send", "note", "hint");
const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      id,
      which,
      mentions: fc.option(which, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("begin" as const), id, which }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("step" as const), id, which, place: places, empty: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("update" as const), id, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("records" as const), id, which, discard: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cache" as const), key: fc.constantFrom(...KEYS), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fork" as const), id, as: id, back: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("prune" as const),
      id: fc.option(id, { nil: undefined }),
      keepLast: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** One life of a store, and what a reader may expect of it. */
class Life {
  #opened: Opened;
  store: Store;
  readonly #refs = new Map<number, ArtifactRef>();
  readonly #states = new Map<string, unknown>();
  /** What was put, or recorded, while a session's head was what it is. */
  readonly #held = new Map<string, Set<string>>();
  /** Digests of values that were kept apart, with what they refer to. */
  readonly #apart = new Map<string, readonly string[]>();
  #born = 0;

  constructor(opened: Opened) {
    this.#opened = opened;
    this.store = opened.store;
  }

  async does(one: Act): Promise<void> {
    if (one.do === "put") return this.#put(one.id, one.which, one.mentions);
    if (one.do === "reopen") {
      this.store = this.#opened.reopen();
      return undefined;
    }
    if (one.do === "delete") return this.#delete(one.id);
    if (one.do === "prune") {
      const policy = { keepLast: one.keepLast, ...(one.id && { sessionId: one.id }) };
      return void (await this.store.prune(policy));
    }
    if (one.do === "fork") return this.#fork(one.id, one.as, one.back);
    const ref = await this.#present(one.which);
    if (one.do === "cache") {
      const outcome = { updates: [{ value: ref }], routes: [] };
      seal(outcome);
      return this.store.cache({ key: one.key, outcome, at: 0, expiresAt: undefined });
    }
    if (one.do === "begin") return this.#begin(one.id, ref);
    const head = (await this.store.load(one.id))?.checkpoint;
    if (head === undefined) return undefined;
    if (one.do === "records") return this.#record(head, ref, one.discard);
    if (one.do === "update") {
      await this.#commit(updateOf(head, "value", replaceAll(ref)), { keepsRecords: true });
      return undefined;
    }
    this.#held.delete(one.id);
    return this.#commit(stepOf(head, one.place, one.empty ? undefined : ref));
  }

  /** What can be read, what it refers to, and what is held besides. */
  async check(isExact: boolean): Promise<void> {
    await this.store.prune({ keepLast: ALL });
    const reachable = await this.#reachable();
    const held = await this.#closed([...this.#held.values()].flatMap((digests) => [...digests]));
    const chained = await this.#chained();
    for (const [which, ref] of this.#refs) {
      const bytes = await this.store.artifact(ref.digest);
      if (reachable.has(ref.digest)) expect(bytes, `artifact ${which} can be read`).toBeDefined();
      else if (!chained.has(ref.digest) && (isExact || !held.has(ref.digest)))
        expect(bytes, `artifact ${which} is gone`).toBeUndefined();
      if (bytes !== undefined) readContent(ref, bytes);
    }
  }

  /** Every session goes on, so that nothing is held any more. */
  async settle(): Promise<void> {
    for (const sessionId of IDS) {
      const head = (await this.store.load(sessionId))?.checkpoint;
      if (head !== undefined) await this.#commit(stepOf(head, "count", undefined, false));
    }
    this.#held.clear();
  }

  /** With the sessions everything goes but what the cache refers to. */
  async end(): Promise<void> {
    for (const sessionId of IDS) await this.#delete(sessionId);
    await this.check(true);
    const cached = new Set<string>();
    for (const key of KEYS) for (const digest of artifactsIn(await this.store.cached(key, 0))) cached.add(digest);
    const count = this.#opened.count();
    if (count !== undefined) expect(count).toBe((await this.#closed(cached)).size);
    this.#opened.close();
  }

  async #put(sessionId: string, which: number, mentions: number | undefined): Promise<void> {
    const inner =
      mentions === undefined || mentions < 0 || mentions >= which ? undefined : await this.#present(mentions);
    const known = this.#refs.get(which);
    const value = { which, inner: known === undefined ? inner : await this.#innerOf(known, inner) };
    seal(value);
    const content = contentOfValue(value);
    for (const mention of content.mentions) if ((await this.store.artifact(mention)) === undefined) return;
    await this.store.putArtifact({ ...content, holder: { sessionId } });
    this.#refs.set(which, new ArtifactRef(content.digest, content.bytes.length, "value"));
    this.#hold(sessionId, content.digest);
  }

  /** The same number is always the same content. */
  async #innerOf(known: ArtifactRef, otherwise: ArtifactRef | undefined): Promise<ArtifactRef | undefined> {
    const bytes = await this.store.artifact(known.digest);
    return bytes === undefined ? otherwise : (readContent(known, bytes) as { readonly inner?: ArtifactRef }).inner;
  }

  async #begin(sessionId: string, ref: ArtifactRef | undefined): Promise<void> {
    this.#held.delete(sessionId);
    const state = { value: ref, list: [], big: undefined, hint: undefined, count: 0 };
    await this.#commit(firstOf(sessionId, { state, incarnation: `i${this.#born++}` }), { replace: true });
  }

  async #fork(from: string, as: string, back: number): Promise<void> {
    const origin = (await this.store.history(from, { limit: back + 1 }))[back];
    if (origin === undefined || (await this.store.load(as)) !== undefined) return;
    await this.#commit(forkOf({ ...origin }, as, { incarnation: `i${this.#born++}` }), { origin: from });
  }

  async #delete(sessionId: string): Promise<void> {
    this.#held.delete(sessionId);
    await this.store.delete(sessionId);
  }

  async #record(
    { sessionId, incarnation, seq }: Checkpoint,
    ref: ArtifactRef | undefined,
    discard: boolean,
  ): Promise<void> {
    const outcome = { updates: [{ value: ref, big: { ref, text: "z".repeat(100), of: seq % 2 } }], routes: [] };
    const records: readonly TaskRecord[] = [{ kind: "result", taskId: "t", outcome }];
    seal(records);
    const note = { ...PLAIN_NOTE, status: { kind: "paused" as const, reason: { kind: "hook" as const, detail: ref } } };
    const write = discard ? { records: [], discardResults: true } : { records, note: note as never };
    await this.store.annotate({ sessionId, incarnation, seq, at: 1, ...APART, ...write });
    if (ref !== undefined) this.#hold(sessionId, ref.digest);
  }

  /** A value that is kept apart stays while the chain that it is a part of is needed, and so does what it refers to. */
  async #chained(): Promise<ReadonlySet<string>> {
    const found: string[] = [];
    for (const [digest, inner] of this.#apart)
      if ((await this.store.artifact(digest)) !== undefined) found.push(...inner);
    return this.#closed(found);
  }

  #hold(sessionId: string, digest: string): void {
    this.#held.set(sessionId, (this.#held.get(sessionId) ?? new Set()).add(digest));
  }

  async #commit(checkpoint: Checkpoint, options: CommitOptions = {}): Promise<void> {
    seal(checkpoint.state);
    const { big } = checkpoint.state;
    if (big !== undefined) this.#apart.set(contentOfValue(big).digest, [...artifactsIn(big)]);
    await this.store.commit(checkpoint, { ...APART, ...options });
    this.#states.set(`${checkpoint.incarnation}-${checkpoint.seq}`, { ...checkpoint.state, hint: undefined });
  }

  async #present(which: number): Promise<ArtifactRef | undefined> {
    const ref = this.#refs.get(which);
    return ref !== undefined && (await this.store.artifact(ref.digest)) !== undefined ? ref : undefined;
  }

  async #reachable(): Promise<ReadonlySet<string>> {
    const found: string[] = [];
    for (const sessionId of IDS) {
      const stored = await this.store.load(sessionId);
      if (stored === undefined) continue;
      found.push(...artifactsIn([{ ...stored.checkpoint }, stored.note, stored.records]));
      for (const checkpoint of await this.store.history(sessionId, { limit: ALL })) {
        const { incarnation, seq, state } = checkpoint;
        expect({ ...state, hint: undefined }).toEqual(this.#states.get(`${incarnation}-${seq}`));
        found.push(...artifactsIn({ ...checkpoint, state, versions: {} }));
      }
    }
    for (const key of KEYS) found.push(...artifactsIn(await this.store.cached(key, 0)));
    return this.#closed(found);
  }

  /** With what artifacts refer to. */
  async #closed(digests: Iterable<string>): Promise<ReadonlySet<string>> {
    const closed = new Set<string>();
    const waiting = [...digests];
    for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
      const ref = [...this.#refs.values()].find((one) => one.digest === digest);
      const bytes = ref && (await this.store.artifact(digest));
      if (ref === undefined || closed.has(digest)) continue;
      closed.add(digest);
      if (bytes !== undefined) waiting.push(...artifactsIn(readContent(ref, bytes)));
    }
    return closed;
  }
}

function stepOf(
  head: Checkpoint,
  place: string,
  ref: ArtifactRef | undefined,
  isPaused = place === "note",
): Checkpoint {
  const frontier = place === "send" ? [{ node: "a", input: { ref } }] : ["a"];
  const note = isPaused
    ? { ...PLAIN_NOTE, status: { kind: "paused" as const, reason: { kind: "hook" as const, detail: ref } as never } }
    : PLAIN_NOTE;
  if (place === "list")
    return nextOf(
      head,
      "list",
      [{ op: "append", path: [], items: [{ ref, text: "y".repeat(head.seq % 5 === 0 ? 3_000 : 1) }] }],
      { frontier, note },
    );
  if (place === "big")
    return nextOf(head, "big", replaceAll({ ref, text: "x".repeat(100), of: head.seq % 3 }), { frontier, note });
  if (place === "hint" && ref !== undefined)
    return nextOf(head, "hint", replaceAll(ref), { frontier, note, ephemeral: ["hint"] });
  if (place !== "value") return nextOf(head, "count", replaceAll(head.seq), { frontier, note });
  return nextOf(head, "value", replaceAll(ref), { frontier, note });
}

function onSqlite(folder?: string): Opened {
  const database = new Database(":memory:");
  const reopen = () =>
    new SqliteCheckpointer(database, { synchronous: "normal", ...(folder && { artifacts: { folder } }) });
  const count = () => (database.prepare("SELECT count(*) AS count FROM artifact").get() as { count: number }).count;
  return { store: reopen(), reopen, count, close: () => database.close() };
}

function inMemory(): Opened {
  const store = new MemoryCheckpointer();
  return { store, reopen: () => store, count: () => undefined, close: () => undefined };
}

/** Two sessions, and every artifact put during the first one's head. */
const PRELUDE: readonly Act[] = [
  { do: "begin", id: "a", which: 0 },
  ...Array.from({ length: HOW_MANY }, (_, which): Act => ({ do: "put", id: "a", which, mentions: which - 2 })),
  { do: "begin", id: "b", which: 1 },
];

async function live(opened: Opened, acts: readonly Act[]): Promise<void> {
  const life = new Life(opened);
  for (const one of [...PRELUDE, ...acts]) {
    await life.does(one);
    if (one.do === "prune" || one.do === "delete") await life.check(false);
  }
  await life.check(false);
  await life.settle();
  await life.check(true);
  for (const keepLast of [2, 1]) {
    await life.store.prune({ keepLast });
    await life.check(true);
  }
  await life.end();
}

test.each([
  ["in memory", 300, inMemory],
  ["on SQLite", 300, () => onSqlite()],
])(
  "T6: %s, exactly the artifacts stay that can be reached, and all that can be read is whole",
  async (_, numRuns, open) => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 50 }), (acts) => live(open(), acts)),
      { numRuns },
    );
  },
  60_000,
);

test("T6: the same in a folder, which has no file more", async () => {
  const folder = mkdtempSync(join(tmpdir(), "superstep-reachable-"));
  try {
    let lives = 0;
    const acts = fc.array(act, { minLength: 5, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(acts, (some) => live(onSqlite(join(folder, `${lives++}`)), some)),
      { numRuns: 15 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
