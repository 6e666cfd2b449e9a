import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  ArtifactCorruptError,
  ArtifactNotFoundError,
  ArtifactRef,
  CheckpointError,
  Command,
  InvalidOptionError,
  MemoryCheckpointer,
  NodeError,
  Send,
  SerializationError,
} from "../../src/index.js";
import { intercept, TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { chain, failureOf, says, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

const EMPTY = "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const NOWHERE = new ArtifactRef(`sha256-${"0".repeat(64)}`, 1, "bytes");
const HELLO = "sha256-2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const bytes = (...of: number[]) => Uint8Array.from(of);

/** Puts what it is given, under the channel `value`. */
const putting = (content: () => unknown): TestNode => {
  return async (_, { artifacts }) => ({ value: await artifacts.put(content()) });
};

describe.each(everyStore)("artifacts on %s", (_, open) => {
  const runnerOf = (node: TestNode) => new AppRunner(chain({ node }), { checkpointer: open() });

  test.each([
    ["bytes", () => bytes(1, 2, 255), bytes(1, 2, 255)],
    ["no bytes", () => bytes(), bytes()],
    ["a Buffer", () => Buffer.from("é"), new Uint8Array(Buffer.from("é"))],
    ["a part of a buffer", () => bytes(1, 2, 3, 4).subarray(1, 3), bytes(2, 3)],
    [
      "a stream of Node",
      () => Readable.from([Buffer.from("ab"), Buffer.from(""), Buffer.from("c")]),
      bytes(97, 98, 99),
    ],
    ["a stream of the web", () => new Blob([bytes(1, 2), bytes(3)]).stream(), bytes(1, 2, 3)],
    ["a stream of nothing", () => Readable.from([]), bytes()],
    ["a record", () => ({ n: -0, at: new Date(5), big: 2n ** 70n }), { n: -0, at: new Date(5), big: 2n ** 70n }],
    ["a text with half a surrogate", () => "\ud800\u0000é", "\ud800\u0000é"],
    ["undefined", () => undefined, undefined],
    ["null", () => null, null],
    ["false", () => false, false],
    ["a list that is empty", () => [], []],
    ["a float array", () => new Float64Array([1, Number.NaN]), new Float64Array([1, Number.NaN])],
  ])("%s come back as they went in, from nodes and to callers", async (_name, content, expected) => {
    const runner = runnerOf(putting(content));
    const { state } = await runner.invoke("s", {});
    const ref = state.value as ArtifactRef;
    expect(ArtifactRef.is(ref)).toBe(true);
    expect(Object.isFrozen(ref)).toBe(true);
    expect(await runner.artifacts.get(ref)).toStrictEqual(expected);
    const same = (await runner.artifacts.put(content())) as ArtifactRef;
    expect(same).toEqual(ref);
  });

  test("empty bytes are an artifact of size 0", async () => {
    const { state } = await runnerOf(putting(() => bytes())).invoke("s", {});
    expect({ ...(state.value as ArtifactRef) }).toEqual({ digest: EMPTY, size: 0, kind: "bytes" });
    expect(JSON.parse(JSON.stringify(state.value))).toEqual({ digest: EMPTY, size: 0, kind: "bytes" });
  });

  test("a reference goes through state, Sends, questions, answers, effects and other artifacts, and comes back as one", async () => {
    const seen: unknown[] = [];
    const starts: TestNode = async (_state, { artifacts, once }) => {
      const ref = await once("put", () => artifacts.put("deep"));
      const outer = await artifacts.put({ list: [ref] });
      return new Command({ update: { value: { outer, map: new Map([[1, ref]]) } }, goto: [new Send("asks", ref)] });
    };
    const asks: TestNode = async (state, { artifacts, input, interrupt }) => {
      if (input === undefined) return {};
      const answer = interrupt<ArtifactRef>({ about: input });
      const { outer, map } = state.value as {
        readonly outer: ArtifactRef;
        readonly map: ReadonlyMap<number, ArtifactRef>;
      };
      const { list } = await artifacts.get<{ readonly list: readonly ArtifactRef[] }>(outer);
      for (const ref of [answer, input, list[0], map.get(1)]) seen.push(await artifacts.get(ref as ArtifactRef));
      return {};
    };
    const checkpointer = open();
    const graph = chain({ starts: [starts, { ends: ["asks"] }], asks });
    const paused = await new AppRunner(graph, { checkpointer }).invoke("s", {});
    if (paused.outcome !== "paused" || paused.reason.kind !== "interrupt") throw new TypeError("it asks nobody");
    const { about } = (paused.reason.interrupts[0]?.payload ?? {}) as { readonly about: ArtifactRef };
    const runner = new AppRunner(graph, { checkpointer });
    await runner.prune({ keepLast: 1 });
    await runner.resume("s", about);
    expect(seen).toEqual(["deep", "deep", "deep", "deep"]);
  });

  test("what is not an ArtifactRef is refused, and so is one of nothing", async () => {
    const { artifacts } = runnerOf(putting(() => 1));
    const ref = await artifacts.put(1);
    for (const wrong of [undefined, null, "x", ref.digest, { ...ref }, Object.create(ArtifactRef.prototype), [ref]])
      expect(await failureOf(artifacts.get(wrong as ArtifactRef))).toBeInstanceOf(InvalidOptionError);
    const error = await failureOf(artifacts.get(NOWHERE));
    expect(error).toBeInstanceOf(ArtifactNotFoundError);
    expect(error).toMatchObject({ digest: NOWHERE.digest });
  });

  test("a reference that says another size, or takes bytes for a value, is not believed", async () => {
    const { artifacts } = runnerOf(putting(() => 1));
    const { digest, size } = await artifacts.put(bytes(0, 1, 2));
    expect(await artifacts.get(new ArtifactRef(digest, size, "bytes"))).toEqual(bytes(0, 1, 2));
    for (const wrong of [new ArtifactRef(digest, size + 1, "bytes"), new ArtifactRef(digest, size, "value")])
      expect(await failureOf(artifacts.get(wrong))).toBeInstanceOf(ArtifactCorruptError);
  });

  test("T3: what does not let itself be looked at is refused, and bytes that lie about their length are what they are", async () => {
    const { artifacts } = runnerOf(putting(() => 1));
    const gone = Proxy.revocable({}, {});
    gone.revoke();
    const traps = { has: () => refuse() };
    const hostile = [
      gone.proxy,
      new Proxy({}, { getPrototypeOf: () => refuse() }),
      new Proxy(bytes(1), traps),
      { [Symbol.asyncIterator]: 1 },
      Object.defineProperty({}, Symbol.asyncIterator, { get: () => refuse() }),
      Object.assign(() => 1, { [Symbol.asyncIterator]: () => [] }),
    ];
    for (const one of hostile) expect(await failureOf(artifacts.put(one))).toBeInstanceOf(SerializationError);
    const liar = Object.defineProperty(bytes(1, 2), "length", { value: 1e9 });
    for (const content of [liar, Readable.from([liar])])
      expect(await artifacts.get(await artifacts.put(content))).toEqual(bytes(1, 2));
    expect(await failureOf(artifacts.put(Readable.from([new Proxy(bytes(1), {})])))).toBeInstanceOf(InvalidOptionError);
  });

  test("T6: an outcome that has expired keeps nothing when the store is pruned", async () => {
    const clock = new TestClock(1_000);
    const node = [putting(() => "found"), { cache: { key: () => 1, ttlMs: 1_000 } }] as const;
    const runner = new AppRunner(chain({ node }), { checkpointer: open(), clock });
    const { state } = await runner.invoke("s", {});
    await runner.deleteSession("s");
    await clock.advance(999);
    expect((await runner.prune({ keepLast: 1 })).artifacts).toBe(0);
    await clock.advance(1);
    expect((await runner.prune({ keepLast: 1 })).artifacts).toBe((state.value as ArtifactRef).size);
  });

  test("an outcome that refers to what is not there is not cached: it would fail every session that it is for", async () => {
    let isThere = false;
    const node: TestNode = () => ({ value: isThere ? "fine" : NOWHERE });
    const runner = new AppRunner(chain({ node: [node, { cache: { key: () => 1 } }] }), { checkpointer: open() });
    expect(await failureOf(runner.invoke("s", {}))).toBeInstanceOf(ArtifactNotFoundError);
    isThere = true;
    expect((await runner.invoke("t", {})).state.value).toBe("fine");
  });

  test("pruning counts the artifacts of subgraphs that go with it", async () => {
    const big = bytes(...Array.from({ length: 5_000 }, (_, at) => at % 256));
    const inner = chain({
      one: putting(() => big),
      two: () => ({ value: 1 }),
    });
    const runner = new AppRunner(chain({ inner, after: () => ({ value: 2 }), last: says }), { checkpointer: open() });
    await runner.invoke("s", {});
    expect((await runner.prune({ keepLast: 1 })).artifacts).toBe(5_000);
  });

  test("what the first superstep of a subgraph puts stays, whoever prunes meanwhile", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const graph = chain({ inner: chain({ node: crank.node as TestNode }) });
    const runner = new AppRunner(graph, { checkpointer });
    const other = new AppRunner(graph, { checkpointer });
    const running = runner.invoke("s", {});
    const { ctx, finish } = await crank.started();
    const kept = await ctx.artifacts.put("kept");
    await other.prune({ keepLast: 1 });
    finish({ value: kept });
    const { state } = await running;
    await other.prune({ keepLast: 1 });
    expect(await runner.artifacts.get(state.value as ArtifactRef)).toBe("kept");
  });

  test("what cannot be put fails its node, naming why, and leaves nothing", async () => {
    const detached = () => {
      const taken = bytes(1, 2);
      structuredClone(taken.buffer, { transfer: [taken.buffer] });
      return taken;
    };
    async function* breaks() {
      yield bytes(1);
      throw new RangeError("the wire broke");
    }
    for (const [content, kind] of [
      [() => ({ call: () => 1 }), SerializationError],
      [() => Promise.resolve(1), SerializationError],
      [() => new Blob(["x"]), SerializationError],
      [() => Readable.from(["text"]), InvalidOptionError],
      [detached, InvalidOptionError],
      [breaks, RangeError],
    ] as const) {
      const error = await failureOf(runnerOf(putting(content as () => unknown)).invoke("s", {}));
      expect(error).toBeInstanceOf(NodeError);
      expect((error as NodeError).cause).toBeInstanceOf(kind);
    }
  });

  test("bytes are those of the moment of the call, and what is got is one's own", async () => {
    const { artifacts } = runnerOf(putting(() => 1));
    const mine = bytes(1, 2, 3);
    const putting1 = artifacts.put(mine);
    mine.fill(9);
    const ref = await putting1;
    const got = await artifacts.get<Uint8Array>(ref);
    expect(got).toEqual(bytes(1, 2, 3));
    got.fill(7);
    expect(await artifacts.get(ref)).toEqual(bytes(1, 2, 3));
  });

  test("a put value is frozen, and what is got of it too", async () => {
    const { artifacts } = runnerOf(putting(() => 1));
    const value = { list: [1] };
    const ref = await artifacts.put(value);
    expect(() => value.list.push(2)).toThrow(TypeError);
    const got = await artifacts.get<{ readonly list: number[] }>(ref);
    expect(() => got.list.push(2)).toThrow(TypeError);
  });

  test("members work when destructured", async () => {
    const { put, get } = runnerOf(putting(() => 1)).artifacts;
    expect(await get(await put("x"))).toBe("x");
  });

  test("a caller puts input before there is a session; it stays a day, and with the session", async () => {
    const clock = new TestClock(1_000);
    const runner = new AppRunner(chain({ node: () => ({}) }), { checkpointer: open(), clock });
    const [used, unused] = [await runner.artifacts.put("used"), await runner.artifacts.put("unused")];
    await clock.advance(86_399_999);
    expect((await runner.prune({ keepLast: 1 })).artifacts).toBe(0);
    await runner.invoke("s", { value: used });
    await clock.advance(1);
    expect((await runner.prune({ keepLast: 1 })).artifacts).toBe(unused.size);
    expect(await runner.artifacts.get(used)).toBe("used");
  });

  test("what a running task has put stays until its session's next commit, whoever prunes and deletes meanwhile", async () => {
    const crank = new HandCrank();
    const node = crank.node as TestNode;
    const checkpointer = open();
    const runner = new AppRunner(chain({ node }), { checkpointer });
    const other = new AppRunner(chain({ node }), { checkpointer });
    await other.createSession("t");
    const running = runner.invoke("s", {});
    const { ctx, finish } = await crank.started();
    const [kept, dropped] = [await ctx.artifacts.put("kept"), await ctx.artifacts.put("dropped")];
    await other.deleteSession("t");
    expect((await other.prune({ keepLast: 1 })).artifacts).toBe(0);
    finish({ value: kept });
    const { state } = await running;
    expect((await other.prune({ keepLast: 1 })).artifacts).toBeGreaterThan(0);
    expect(await runner.artifacts.get(state.value as ArtifactRef)).toBe("kept");
    expect(await failureOf(runner.artifacts.get(dropped))).toBeInstanceOf(ArtifactNotFoundError);
  });

  test("a superstep that refers to what is not there is refused, and goes on once it is", async () => {
    const node: TestNode = () => ({ value: new ArtifactRef(HELLO, 5, "bytes") });
    const runner = runnerOf(node);
    const error = await failureOf(runner.invoke("s", {}));
    expect(error).toBeInstanceOf(ArtifactNotFoundError);
    expect((await runner.session("s")).step).toBe(0);
    await runner.artifacts.put(Buffer.from("hello"));
    expect((await runner.runUntilComplete("s")).outcome).toBe("completed");
  });

  test("a cached outcome keeps what it refers to, for sessions that come later", async () => {
    const node = [putting(() => "found"), { cache: { key: () => 1 } }] as const;
    const runner = new AppRunner(chain({ node }), { checkpointer: open() });
    await runner.invoke("s", {});
    await runner.deleteSession("s");
    await runner.prune({ keepLast: 1 });
    const { state } = await runner.invoke("t", {});
    expect(await runner.artifacts.get(state.value as ArtifactRef)).toBe("found");
  });

  test("within a subgraph they are as anywhere", async () => {
    const inner = chain({ node: putting(() => "inner") });
    const runner = new AppRunner(chain({ inner }), { checkpointer: open() });
    const { state } = await runner.invoke("s", {});
    await runner.prune({ keepLast: 1 });
    expect(await runner.artifacts.get(state.value as ArtifactRef)).toBe("inner");
  });

  test('under durability "exit" a put saves what its task stands on, and is not lost to pruning', async () => {
    const checkpointer = open();
    const crank = new HandCrank();
    const runner = new AppRunner(chain({ first: putting(() => "first"), second: crank.node as TestNode }), {
      checkpointer,
      durability: "exit",
    });
    const other = new AppRunner(chain({ first: says, second: says }), { checkpointer });
    const running = runner.invoke("s", {});
    const { ctx, finish } = await crank.started();
    expect((await other.session("s")).step).toBe(0);
    const second = await ctx.artifacts.put("second");
    expect((await other.session("s")).step).toBe(1);
    await other.prune({ keepLast: 1 });
    finish({ log: second.digest });
    const { state } = await running;
    expect(await runner.artifacts.get(state.value as ArtifactRef)).toBe("first");
    expect(await runner.artifacts.get(second)).toBe("second");
  });
});

function refuse(): never {
  throw new RangeError("no");
}

test.each([
  ["lets it pass", (put: Promise<unknown>) => put],
  ["catches it", (put: Promise<unknown>) => put.catch(() => "lost")],
])("C3: a store that fails to keep an artifact fails the superstep, and not the node that %s", async (_, heard) => {
  let isBroken = true;
  const checkpointer = intercept(new MemoryCheckpointer(), ({ method, proceed }) => {
    if (method === "putArtifact" && isBroken) throw new RangeError("disk full");
    return proceed();
  });
  const node: TestNode = async (_state, { artifacts }) => ({ value: await heard(artifacts.put(1)) });
  const runner = new AppRunner(chain({ node }), { checkpointer });
  expect(await failureOf(runner.invoke("s", {}))).toBeInstanceOf(CheckpointError);
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  isBroken = false;
  expect((await runner.runUntilComplete("s")).outcome).toBe("completed");
});

test("a store that keeps none says so, by name", async () => {
  const {
    putArtifact: _put,
    artifact: _get,
    ...without
  } = intercept(new MemoryCheckpointer(), ({ proceed }) => proceed());
  const runner = new AppRunner(chain({ node: putting(() => 1) }), { checkpointer: without });
  const error = (await failureOf(runner.invoke("s", {}))) as NodeError;
  expect(error.cause).toMatchObject({ option: "checkpointer", message: expect.stringContaining("putArtifact") });
  expect(await failureOf(runner.artifacts.get(NOWHERE))).toBeInstanceOf(InvalidOptionError);
});

test("an ArtifactRef is made of nothing but a digest, a size and a kind", () => {
  for (const [digest, size, kind] of [
    ["sha256-", 1, "bytes"],
    [NOWHERE.digest.toUpperCase(), 1, "bytes"],
    [`${NOWHERE.digest}\n`, 1, "bytes"],
    [NOWHERE.digest, -1, "bytes"],
    [NOWHERE.digest, 0.5, "bytes"],
    [NOWHERE.digest, Number.NaN, "bytes"],
    [NOWHERE.digest, 1, "text"],
    [undefined, 1, "bytes"],
  ] as const)
    expect(() => new ArtifactRef(digest as string, size, kind as "bytes")).toThrow(InvalidOptionError);
});

test("T3: what only pretends to be an ArtifactRef is refused, and so is a subclass", async () => {
  class Sub extends ArtifactRef {}
  const runner = new AppRunner(chain({ node: () => ({}) }));
  for (const wrong of [Object.create(ArtifactRef.prototype), new Sub(NOWHERE.digest, 1, "bytes")])
    expect(await failureOf(runner.invoke("s", { value: { deep: [wrong] } }))).toMatchObject({
      code: "NOT_SERIALIZABLE",
      message: expect.stringContaining("value.deep[0]"),
    });
});
