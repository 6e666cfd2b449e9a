/** A line reads back the same whether its writer knew each parent or none (T1, T4): what is left out of a record follows from what is read. */
import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryCheckpointer } from "../../src/index.js";
import { type Checkpoint, withoutEphemeral } from "../../src/session/checkpoint.js";
import type { Checkpointer, CommitOptions } from "../../src/session/checkpointer.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { type Delta, replaceAll } from "../../src/state/delta.js";
import { firstOf, forkOf, nextOf, updateOf } from "../../src/testing/checkpoints.js";
import { ShortWay } from "../sqlite/short-way.js";

const CHANNELS = ["list", "n", "constructor", "hasOwnProperty", "toString"] as const;
const GRAPHS = ["0123456789abcdef", "fedcba9876543210"] as const;
const graph = fc.constantFrom(...GRAPHS, GRAPHS[0], GRAPHS[0]);
const writes = fc.array(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 3 });
const which = fc.nat(5);

const act = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("step" as const),
      /** Supersteps that become one checkpoint, each with what it writes. */
      steps: fc.oneof(
        { weight: 4, arbitrary: fc.tuple(writes) },
        { weight: 1, arbitrary: fc.array(writes, { minLength: 2, maxLength: 3 }) },
      ),
      ...{ which, graph },
      isEphemeral: fc.constantFrom(false, false, false, true),
      isWhole: fc.constantFrom(false, false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("update" as const), which, graph }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fork" as const), which, back: fc.nat(4), graph }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("prune" as const), keepLast: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), which }) },
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;
type Of<D extends Act["do"]> = Extract<Act, { readonly do: D }>;

const EVERYTHING = { limit: 1_000 };

test("T1: lines written with parents that are known, the short way and the long, and with none read as they do in memory", async () => {
  let left = 0;
  let short = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
      const lines = new Lines();
      await lines.begin("s", GRAPHS[0]);
      for (const one of acts) await lines.perform(one);
      await lines.compare();
      left += lines.bytesLeftOut();
      short += lines.short.taken;
      lines.close();
    }),
    { numRuns: 80 },
  );
  expect(left).toBeGreaterThan(10_000);
  expect(short).toBeGreaterThan(200);
}, 60_000);

/** The same sessions in memory and in three files: of a writer that takes the short way, of one that never does, and of one that knows nothing. */
class Lines {
  readonly #databases = [new Database(":memory:"), new Database(":memory:"), new Database(":memory:")] as const;
  readonly short = new ShortWay(this.#databases[0]);
  readonly #memory = new MemoryCheckpointer();
  readonly #known = [this.short, new ShortWay(this.#databases[1], { isOpen: false })].map(
    (database) => new SqliteCheckpointer(database, { synchronous: "normal" }),
  );
  readonly #names: string[] = [];
  readonly #fences = new Map<string, number>();
  #count = 0;

  async begin(name: string, fingerprint: string): Promise<void> {
    const state = { list: [], n: 0, now: undefined, constructor: 0, toString: [] };
    await this.#start({ ...firstOf(name, { state, incarnation: `i${++this.#count}` }), fingerprint });
  }

  async perform(one: Act): Promise<void> {
    if (one.do === "prune") await this.#all(async (store) => store.prune({ keepLast: one.keepLast }));
    else if (one.do === "delete") await this.#delete(one);
    else {
      const name = this.#names[one.which % Math.max(1, this.#names.length)];
      const head = name === undefined ? undefined : this.#memory.load(name)?.checkpoint;
      if (head === undefined) await this.begin(`s${++this.#count}`, one.graph);
      else if (one.do === "step") await this.#step(one, head);
      else if (one.do === "fork") await this.#fork(one, head.sessionId);
      else await this.#update(one, head);
    }
  }

  async compare(): Promise<void> {
    for (const name of this.#names) {
      const [line, head] = [this.#memory.history(name, EVERYTHING), this.#memory.load(name)];
      for (const store of [...this.#known, this.#unknowing()]) {
        expect((await store.history(name, EVERYTHING)).map(plain)).toEqual(line.map(plain));
        const loaded = await store.load(name);
        expect(loaded && plain(loaded.checkpoint)).toEqual(head && plain(head.checkpoint));
      }
    }
  }

  bytesLeftOut(): number {
    const [short, , unknowing] = this.#databases.map(
      (database) =>
        database.prepare("SELECT coalesce(sum(octet_length(body)), 0) AS n FROM log").get() as { n: number },
    ) as [{ n: number }, { n: number }, { n: number }];
    return unknowing.n - short.n;
  }

  close(): void {
    for (const database of this.#databases) database.close();
  }

  /** A new store has seen no head. */
  #unknowing(): Checkpointer {
    return new SqliteCheckpointer(this.#databases[2], { synchronous: "normal" });
  }

  async #all(work: (store: Checkpointer) => Promise<unknown>): Promise<void> {
    for (const store of [this.#memory, ...this.#known, this.#unknowing()]) await work(store);
  }

  async #start(first: Checkpoint, options: CommitOptions = {}): Promise<void> {
    const { sessionId } = first;
    this.#names.push(sessionId);
    await this.#all(async (store) => {
      const answer = await store.acquire({ sessionId, owner: "me", at: 1, ttlMs: 1 });
      if (answer.kind === "granted") this.#fences.set(sessionId, answer.lease.fence);
    });
    await this.#commit(first, options);
  }

  async #commit(checkpoint: Checkpoint, options: CommitOptions = {}): Promise<void> {
    const fence = this.#fences.get(checkpoint.sessionId);
    await this.#all(async (store) => store.commit(checkpoint, { ...options, ...(fence !== undefined && { fence }) }));
  }

  async #step({ steps, graph: fingerprint, isEphemeral, isWhole }: Of<"step">, head: Checkpoint): Promise<void> {
    let last: Checkpoint | undefined;
    for (const channels of steps) last = joined(last, this.#superstep(last ?? head, channels));
    if (last === undefined) return;
    const now = isEphemeral ? { n: this.#count } : undefined;
    const state = Object.freeze({ ...last.state, now });
    const ephemeral = isEphemeral ? ["now"] : [];
    if (!isWhole) return this.#commit({ ...last, state, ephemeral, fingerprint });
    const versions = { ...last.versions, more: this.#count };
    const moved = Object.freeze({ ...state, list: Object.freeze(["moved"]), more: this.#count });
    await this.#commit({ ...last, state: moved, versions, ephemeral, fingerprint }, { whole: true });
  }

  /** Writes to some channels, to some of them twice. */
  #superstep(head: Checkpoint, channels: readonly (typeof CHANNELS)[number][]): Checkpoint {
    let made = nextOf(head, channels[0] ?? "n", this.#deltaOf(channels[0] ?? "n"));
    for (const channel of channels.slice(1)) {
      const next = nextOf({ ...made, ephemeral: [] }, channel, this.#deltaOf(channel));
      const isNew = !made.updatedChannels.includes(channel);
      made = {
        ...made,
        state: next.state,
        versions: isNew ? { ...made.versions, [channel]: versionIn(made, channel) + 1 } : made.versions,
        deltas: [...made.deltas, ...next.deltas.map((delta) => ({ ...delta, task: made.ran[0] ?? delta.task }))],
        updatedChannels: isNew ? [...made.updatedChannels, channel] : made.updatedChannels,
      };
    }
    return { ...made, versions: honest(head, made) };
  }

  #deltaOf(channel: string): Delta {
    const item = `${++this.#count} `.repeat(this.#count % 7 === 0 ? 800 : 3);
    return channel === "list" || channel === "toString"
      ? [{ op: "append", path: [], items: [item] }]
      : replaceAll(this.#count % 3 === 0 ? item : this.#count);
  }

  async #update({ graph: fingerprint }: Of<"update">, head: Checkpoint): Promise<void> {
    await this.#commit({ ...updateOf(head, "n", replaceAll(++this.#count)), fingerprint }, { keepsRecords: true });
  }

  async #fork({ back, graph: fingerprint }: Of<"fork">, origin: string): Promise<void> {
    const line = this.#memory.history(origin, EVERYTHING);
    const start = line[Math.min(back, line.length - 1)];
    if (start === undefined) return;
    const incarnation = `i${++this.#count}`;
    const fork = forkOf(withoutEphemeral(start), `f${this.#count}`, { incarnation, write: ["n", replaceAll(-1)] });
    await this.#start({ ...fork, fingerprint }, { origin });
  }

  async #delete(one: Of<"delete">): Promise<void> {
    const name = this.#names.splice(one.which % Math.max(1, this.#names.length), 1)[0];
    if (name !== undefined) await this.#all(async (store) => store.delete(name));
  }
}

/** Two supersteps as one checkpoint, as they are kept when a run saves only where it stops. */
function joined(former: Checkpoint | undefined, last: Checkpoint): Checkpoint {
  if (former === undefined) return last;
  return {
    ...last,
    parentSeq: former.parentSeq,
    ran: [...former.ran, ...last.ran],
    deltas: [...former.deltas, ...last.deltas],
    updatedChannels: [...new Set([...former.updatedChannels, ...last.updatedChannels])],
  };
}

/** Every channel that was updated has grown by one, whatever its name is. */
function honest(head: Checkpoint, { updatedChannels }: Checkpoint): Checkpoint["versions"] {
  const grown = updatedChannels.map((name) => [name, versionIn(head, name) + 1] as const);
  return Object.freeze({ ...head.versions, ...Object.fromEntries(grown) });
}

function versionIn({ versions }: Checkpoint, name: string): number {
  return Object.hasOwn(versions, name) ? (versions[name] ?? 0) : 0;
}

/** By value. An inherited checkpoint may bear the name of the session that it was made in. */
function plain(checkpoint: Checkpoint): unknown {
  return { ...checkpoint, sessionId: "" };
}
