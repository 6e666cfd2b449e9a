/** Streams into and out of artifacts: what they hold in memory, and what is left of those that do not come to their end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  AppRunner,
  ArtifactCorruptError,
  ArtifactNotFoundError,
  type ArtifactRef,
  CheckpointError,
  type Checkpointer,
  InvalidOptionError,
  MemoryCheckpointer,
  NodeError,
} from "../../src/index.js";
import { contentOfBytes } from "../../src/session/artifact.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { failing, InjectedFailure, intercept, TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { chain, failureOf, listOf, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

const PIECE = 2 ** 20;
const idle: TestNode = () => ({});

let folder = "";
let stores: Checkpointer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "superstep-streams-"));
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Chunks that differ, of that many bytes each. */
async function* chunks(count: number, length: number, before: (place: number) => unknown = () => undefined) {
  for (let place = 0; place < count; place++) {
    await before(place);
    yield new Uint8Array(length).fill(place % 251, 0, Math.min(length, 1_000));
  }
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await listOf(stream));
}

const runnerOn = (checkpointer: Checkpointer, node: TestNode = idle, clock = new TestClock(1_000)) =>
  new AppRunner(chain({ node }), { checkpointer, clock });

const file = () => join(folder, "s.db");
const pictures = () => join(folder, "pictures");
const sqlite = (inFolder: boolean) => {
  const store = new SqliteCheckpointer(file(), inFolder ? { artifacts: { folder: pictures() } } : {});
  stores.push(store);
  return store;
};
/** Rows of artifacts and pieces in the file, and files in the folder but for the one that says whose it is. */
const leftIn = () => {
  const database = new Database(file(), { readonly: true });
  const count = (table: string) => (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  const rows = count("artifact") + count("piece") + count("mention");
  database.close();
  try {
    const all = readdirSync(pictures(), { recursive: true, withFileTypes: true });
    return rows + all.filter((one) => one.isFile() && one.name !== "store").length;
  } catch {
    return rows;
  }
};

describe.each(everyStore)("streams on %s", (_, open) => {
  test("come back as they went in, whatever their chunks: whole, and in pieces", async () => {
    const { artifacts } = runnerOn(open());
    const sizes = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1];
    for (const size of sizes) {
      const bytes = await bytesOf(chunks(1, size));
      const [one, other] = [bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)];
      for (const stream of [[bytes], [one, other], [one, new Uint8Array(), other]]) {
        const ref = await artifacts.put(Readable.from(stream));
        expect(ref).toEqual(await artifacts.put(bytes));
        expect(Buffer.compare(await artifacts.get<Uint8Array>(ref), bytes)).toBe(0);
        const pieces = await listOf(artifacts.open(ref));
        expect(Buffer.compare(Buffer.concat(pieces), bytes)).toBe(0);
        expect(pieces.length).toBe(Math.ceil(size / PIECE));
      }
    }
  });

  test("what is opened is read by many, again, and into another artifact", async () => {
    const { artifacts } = runnerOn(open());
    const ref = await artifacts.put(chunks(40, 70_000));
    const opened = artifacts.open(ref);
    for (const _piece of await listOf(opened)) break;
    for await (const _piece of opened) break;
    expect(await artifacts.put(opened)).toEqual(ref);
    expect(Buffer.compare(await bytesOf(opened), await artifacts.get<Uint8Array>(ref))).toBe(0);
  });

  test("a chunk is as it was when it was given, though its source writes the next one into it", async () => {
    const { artifacts } = runnerOn(open());
    const one = new Uint8Array(300_000);
    async function* reuses() {
      for (let place = 0; place < 8; place++) yield one.fill(place);
    }
    const ref = await artifacts.put(reuses());
    const expected = Buffer.concat(Array.from({ length: 8 }, (_unused, place) => new Uint8Array(300_000).fill(place)));
    expect(Buffer.compare(await bytesOf(artifacts.open(ref)), expected)).toBe(0);
  });

  test("what cannot be opened says so at once; what is not there, when it is read", async () => {
    const { artifacts } = runnerOn(open());
    const value = await artifacts.put({ n: 1 });
    for (const wrong of [value, undefined, "sha256-", { ...value }])
      expect(() => artifacts.open(wrong as ArtifactRef)).toThrow(InvalidOptionError);
    const { artifacts: others } = runnerOn(new MemoryCheckpointer());
    for (const count of [1, 40]) {
      const elsewhere = await others.put(chunks(count, 70_000));
      const error = await failureOf(listOf(artifacts.open(elsewhere)));
      expect(error).toBeInstanceOf(ArtifactNotFoundError);
    }
  });

  test.each([
    ["text in the middle", InvalidOptionError, () => Readable.from([new Uint8Array(3 * PIECE), "text"])],
    ["numbers", InvalidOptionError, () => Readable.from([1, 2])],
    ["a chunk that was handed on", InvalidOptionError, () => Readable.from([handedOn()])],
    [
      "an error",
      RangeError,
      () =>
        chunks(4, PIECE, (place) => {
          if (place === 3) throw new RangeError("the wire broke");
        }),
    ],
    ["what was read before", InvalidOptionError, () => readBefore(Readable.from([Buffer.from("a")]))],
    ["what was read before, of the web", InvalidOptionError, () => readBefore(new Blob(["a"]).stream())],
    ["what was destroyed", InvalidOptionError, () => Readable.from(["a"]).destroy()],
    ["what somebody else reads", InvalidOptionError, () => locked(new Blob(["a"]).stream())],
  ])("a stream of %s is refused, and left", async (_name, kind, stream) => {
    const { artifacts } = runnerOn(open());
    expect(await failureOf(artifacts.put(await stream()))).toBeInstanceOf(kind);
  });

  test("a source is told to end when what it gives is refused", async () => {
    const { artifacts } = runnerOn(open());
    let isLeft = false;
    async function* gives() {
      try {
        for (;;) yield "text";
      } finally {
        isLeft = true;
      }
    }
    const readable = Readable.from(gives());
    expect(await failureOf(artifacts.put(gives()))).toBeInstanceOf(InvalidOptionError);
    expect(isLeft).toBe(true);
    expect(await failureOf(artifacts.put(readable))).toBeInstanceOf(InvalidOptionError);
    expect(readable.destroyed).toBe(true);
  });

  test("cancelling ends the put of a stream that is silent, and the stream", async () => {
    const crank = new HandCrank();
    const runner = runnerOn(open(), crank.node as TestNode);
    const controller = new AbortController();
    const running = runner.invoke("s", {}, { signal: controller.signal });
    const { ctx, finish } = await crank.started();
    let isCancelled = false;
    const web = new ReadableStream({
      cancel: () => {
        isCancelled = true;
      },
    });
    const node = new Readable({ read: () => undefined });
    async function* generator() {
      yield new Uint8Array(2 * PIECE);
      await new Promise(() => undefined);
    }
    const putting = [web, node, generator()].map((stream) => failureOf(ctx.artifacts.put(stream)));
    controller.abort();
    for (const error of await Promise.all(putting)) expect(error).toBe(ctx.signal.reason);
    expect([isCancelled, node.destroyed]).toEqual([true, true]);
    finish({});
    await running;
  });
});

function handedOn(): Uint8Array {
  const taken = new Uint8Array(10);
  structuredClone(taken.buffer, { transfer: [taken.buffer] });
  return taken;
}

async function readBefore<T extends AsyncIterable<unknown>>(stream: T): Promise<T> {
  await listOf(stream);
  return stream;
}

function locked(stream: ReadableStream): ReadableStream {
  stream.getReader();
  return stream;
}

describe.each([
  ["in the file", false],
  ["in a folder", true],
])("a stream %s", (_, inFolder) => {
  const LENGTH = 2 ** 16;

  test("of 40 MB is never in memory with more than three pieces, neither on its way in nor on its way out", async () => {
    let inside = 0;
    let most = 0;
    const note = (change: number) => {
      inside += change;
      most = Math.max(most, inside);
    };
    const store = intercept(sqlite(inFolder), ({ method, args, proceed }) => {
      expect(["artifact", "putArtifact"]).not.toContain(method);
      const [piece] = args as [{ readonly bytes: Uint8Array }];
      return method === "draftArtifact"
        ? (proceed() as Promise<void>).then(() => note(-piece.bytes.length))
        : proceed();
    });
    const { artifacts } = runnerOn(store);
    const ref = await artifacts.put(chunks(640, LENGTH, () => note(LENGTH)));
    expect(ref.size).toBe(640 * LENGTH);
    expect([inside, most <= 3 * PIECE]).toEqual([0, true]);
    const asked: number[] = [];
    const reading = intercept(store, ({ method, args, proceed }) => {
      if (method === "artifactRange") asked.push(args[2] as number);
      return proceed();
    });
    let size = 0;
    for await (const piece of runnerOn(reading).artifacts.open(ref)) {
      size += piece.length;
      expect(piece.length).toBeLessThanOrEqual(PIECE);
    }
    expect(size).toBe(ref.size);
    expect(Math.max(...asked)).toBe(PIECE);
  });

  test("is asked for more only when the store has what it gave", async () => {
    const letThrough: (() => void)[] = [];
    const store = intercept(sqlite(inFolder), async ({ method, proceed }) => {
      if (method === "draftArtifact") await new Promise<void>((resolve) => letThrough.push(resolve));
      return proceed();
    });
    let given = 0;
    const putting = runnerOn(store).artifacts.put(chunks(6, PIECE, () => given++));
    for (let pieces = 1; pieces <= 6; pieces++) {
      while (letThrough.length < pieces) await new Promise((resolve) => setImmediate(resolve));
      expect(given).toBeLessThanOrEqual(pieces + 1);
      letThrough[pieces - 1]?.();
    }
    expect((await putting).size).toBe(6 * PIECE);
  });

  test("of one piece is one write, as bytes are", async () => {
    const methods: string[] = [];
    const store = intercept(sqlite(inFolder), ({ method, proceed }) => {
      methods.push(method);
      return proceed();
    });
    await runnerOn(store).artifacts.put(chunks(3, 1_000));
    expect(methods).toEqual(["putArtifact"]);
  });

  test("that breaks leaves nothing, in the file or beside it, and the next one is kept", async () => {
    const { artifacts } = runnerOn(sqlite(inFolder));
    for (const at of [1, 2, 3, 5]) {
      const broken = chunks(6, PIECE, (place) => {
        if (place === at) throw new RangeError("the wire broke");
      });
      expect(await failureOf(artifacts.put(broken))).toBeInstanceOf(RangeError);
    }
    expect(leftIn()).toBe(0);
    const ref = await artifacts.put(chunks(6, PIECE));
    expect(Buffer.compare(await bytesOf(artifacts.open(ref)), await bytesOf(chunks(6, PIECE)))).toBe(0);
  });

  test("that its node is cancelled with leaves nothing", async () => {
    const crank = new HandCrank();
    const store = sqlite(inFolder);
    const runner = runnerOn(store, crank.node as TestNode);
    const controller = new AbortController();
    const running = runner.invoke("s", {}, { signal: controller.signal });
    const { ctx, finish } = await crank.started();
    const putting = failureOf(
      ctx.artifacts.put(chunks(4, PIECE, (place) => (place === 3 ? controller.abort() : undefined))),
    );
    expect(await putting).toBe(ctx.signal.reason);
    finish({});
    await running;
    expect(leftIn()).toBe(0);
  });

  test("that two put at once is stored once, for both", async () => {
    const { artifacts } = runnerOn(sqlite(inFolder));
    const refs = await Promise.all([1, 2, 3].map(() => artifacts.put(chunks(40, LENGTH))));
    expect(new Set(refs.map(({ digest }) => digest)).size).toBe(1);
    const pieces = inFolder ? 0 : 3;
    expect(leftIn()).toBe(1 + 1 + pieces + (inFolder ? 1 : 0));
    expect(
      Buffer.compare(await bytesOf(artifacts.open(refs[0] as ArtifactRef)), await bytesOf(chunks(40, LENGTH))),
    ).toBe(0);
  });

  test("stays while others prune and delete, and what refers to it keeps it", async () => {
    const crank = new HandCrank();
    const store = sqlite(inFolder);
    const runner = runnerOn(store, crank.node as TestNode);
    const running = runner.invoke("s", {});
    const { ctx, finish } = await crank.started();
    const other = runnerOn(sqlite(inFolder));
    await other.createSession("t");
    const prunes = async (place: number) => {
      if (place % 10 === 0) await other.prune({ keepLast: 1 });
      if (place === 21) await other.deleteSession("t");
    };
    finish({ value: await ctx.artifacts.put(chunks(40, LENGTH, prunes)) });
    const { state } = await running;
    await other.prune({ keepLast: 1 });
    expect(
      Buffer.compare(
        await bytesOf(runner.artifacts.open(state.value as ArtifactRef)),
        await bytesOf(chunks(40, LENGTH)),
      ),
    ).toBe(0);
    await runner.deleteSession("s");
    expect(leftIn()).toBe(0);
  });

  test("that a crash cut off goes with a prune after its session's next commit, one of a caller after a day", async () => {
    const clock = new TestClock(1_000);
    const never = () => chunks(4, PIECE, (place) => (place === 3 ? new Promise(() => undefined) : undefined));
    const crank = new HandCrank();
    const runner = runnerOn(sqlite(inFolder), crank.node as TestNode, clock);
    const running = runner.invoke("s", {});
    const { ctx, finish } = await crank.started();
    const before = leftIn();
    const puts = [ctx.artifacts.put(never()), runner.artifacts.put(never())];
    while (leftIn() < before + 2 * (inFolder ? 3 : 4)) await new Promise((resolve) => setImmediate(resolve));
    const other = runnerOn(sqlite(inFolder), idle, clock);
    const half = leftIn();
    await other.prune({ keepLast: 1 });
    expect(leftIn()).toBe(half);
    finish({});
    await running;
    expect((await other.prune({ keepLast: 1 })).artifacts).toBe(2 * PIECE);
    expect(leftIn()).toBe(before + half / 2);
    await clock.advance(86_400_000);
    expect((await other.prune({ keepLast: 1 })).artifacts).toBe(2 * PIECE);
    expect(leftIn()).toBe(before);
    void puts;
  });

  test("whose beginning was pruned meanwhile is a typed error, and leaves nothing", async () => {
    const clock = new TestClock(1_000);
    const { artifacts } = runnerOn(sqlite(inFolder), idle, clock);
    const other = runnerOn(sqlite(inFolder), idle, clock);
    const slow = async (place: number) => {
      if (place !== 3) return;
      await clock.advance(86_400_001);
      await other.prune({ keepLast: 1 });
    };
    expect(await failureOf(artifacts.put(chunks(5, PIECE, slow)))).toMatchObject({
      code: "CHECKPOINT_FAILED",
      help: "put the stream again",
    });
    expect(leftIn()).toBe(0);
  });

  test("mends what is there already and is damaged, and keeps what it refers to", async () => {
    const { artifacts } = runnerOn(sqlite(inFolder));
    const ref = await artifacts.put(chunks(40, LENGTH));
    damage(inFolder, ref);
    expect(await failureOf(bytesOf(artifacts.open(ref)))).toBeInstanceOf(ArtifactCorruptError);
    await artifacts.put(chunks(40, LENGTH));
    expect((await bytesOf(artifacts.open(ref))).length).toBe(ref.size);
    const database = new Database(file());
    expect((database.prepare("SELECT count(*) AS n FROM artifact").get() as { n: number }).n).toBe(1);
    database.close();
  });

  test("hands out no byte of a content that is damaged, wherever it is", async () => {
    const { artifacts } = runnerOn(sqlite(inFolder));
    const ref = await artifacts.put(chunks(40, LENGTH));
    for (const place of [0, PIECE - 1, PIECE, 2 * PIECE, ref.size - 1]) {
      damage(inFolder, ref, place);
      const seen: Uint8Array[] = [];
      const reading = async () => {
        for await (const piece of artifacts.open(ref)) seen.push(piece);
      };
      expect(await failureOf(reading())).toBeInstanceOf(ArtifactCorruptError);
      expect(seen).toEqual([]);
      damage(inFolder, ref, place);
    }
    expect((await bytesOf(artifacts.open(ref))).length).toBe(ref.size);
  });

  test("that is damaged, or goes, while it is read is found out at the piece where it is", async () => {
    const { artifacts } = runnerOn(sqlite(inFolder));
    const ref = await artifacts.put(chunks(60, LENGTH));
    const sizes: number[] = [];
    const reading = async (between: () => unknown) => {
      for await (const piece of artifacts.open(ref)) if (sizes.push(piece.length) === 2) await between();
    };
    expect(await failureOf(reading(() => damage(inFolder, ref, 3 * PIECE)))).toBeInstanceOf(ArtifactCorruptError);
    expect(sizes).toEqual([PIECE, PIECE, PIECE]);
    damage(inFolder, ref, 3 * PIECE);
    sizes.length = 0;
    const gone = () => stores[0]?.prune({ keepLast: 1, at: Number.MAX_SAFE_INTEGER });
    expect(await failureOf(reading(gone))).toBeInstanceOf(ArtifactNotFoundError);
    expect(sizes).toEqual([PIECE, PIECE]);
  });

  test("C3: a store that fails in the middle fails the superstep, leaves nothing, and the stream is told to end", async () => {
    let total = Number.POSITIVE_INFINITY;
    for (let nth = 1; nth <= total; nth++) {
      const store = failing(sqlite(inFolder), nth);
      let isLeft = false;
      async function* watched() {
        try {
          yield* chunks(3, PIECE);
        } finally {
          isLeft = true;
        }
      }
      const error = await runnerOn(store)
        .artifacts.put(watched())
        .then(
          () => undefined,
          (failure: unknown) => failure,
        );
      if (error === undefined) total = nth - 1;
      else {
        expect(error).toBeInstanceOf(CheckpointError);
        expect((error as Error).cause).toBeInstanceOf(InjectedFailure);
        expect(leftIn()).toBe(0);
      }
      expect(isLeft).toBe(true);
    }
    expect(total).toBe(4);
  });
});

/** Flips a byte of the content, or flips it back. */
function damage(inFolder: boolean, { digest }: ArtifactRef, place = 5): void {
  if (inFolder) return flip(join(pictures(), digest.slice(7, 9), digest.slice(9)), place);
  const database = new Database(file());
  const row = database
    .prepare("SELECT id, bytes FROM piece ORDER BY id LIMIT 1 OFFSET ?")
    .get(Math.floor(place / PIECE)) as {
    readonly id: number;
    readonly bytes: Buffer;
  };
  row.bytes[place % PIECE] = (row.bytes[place % PIECE] ?? 0) ^ 1;
  database.prepare("UPDATE piece SET bytes = ? WHERE id = ?").run(row.bytes, row.id);
  database.close();
}

function flip(path: string, place: number): void {
  const bytes = readFileSync(path);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test("C3: a node whose stream the store cannot take fails the superstep, and not the node", async () => {
  let isBroken = true;
  const checkpointer = intercept(sqlite(false), ({ method, proceed }) => {
    if (method === "draftArtifact" && isBroken) throw new RangeError("disk full");
    return proceed();
  });
  const node: TestNode = async (_, { artifacts }) => ({ value: await artifacts.put(chunks(3, PIECE)).catch(() => 0) });
  const runner = runnerOn(checkpointer, node);
  expect(await failureOf(runner.invoke("s", {}))).toBeInstanceOf(CheckpointError);
  isBroken = false;
  expect((await runner.runUntilComplete("s")).outcome).toBe("completed");
});

test("what another store's stream throws is the node's failure, and not the store's", async () => {
  const { artifacts: others } = runnerOn(new MemoryCheckpointer());
  const ref = await others.put(chunks(3, PIECE));
  const empty = runnerOn(failing(new MemoryCheckpointer(), 1)).artifacts;
  const runner = runnerOn(sqlite(false), async (_, { artifacts }) => ({ value: await artifacts.put(empty.open(ref)) }));
  const error = await failureOf(runner.invoke("s", {}));
  expect(error).toBeInstanceOf(NodeError);
  expect((error as NodeError).cause).toBeInstanceOf(CheckpointError);
});

test("bytes are cut into chunks anyhow: what is kept is the same", async () => {
  const store = sqlite(false);
  const { artifacts } = runnerOn(store);
  const lengths = fc.array(fc.oneof(fc.nat(9), fc.constantFrom(PIECE - 1, PIECE, PIECE + 1, 300_000)), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(lengths, async (some) => {
      const all = some.map((length, place) => new Uint8Array(length).fill(place + 1));
      const ref = await artifacts.put(Readable.from(all));
      const whole = Buffer.concat(all);
      expect(ref).toMatchObject({ digest: contentOfBytes(whole).digest, size: whole.length });
      expect(Buffer.compare(await bytesOf(artifacts.open(ref)), whole)).toBe(0);
    }),
    { numRuns: 40 },
  );
});
