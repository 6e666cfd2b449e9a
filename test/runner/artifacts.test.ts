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
import { intercept } from "../../src/testing.js";
import { abreast, chain, failureOf, listOf, looping, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

const EMPTY = "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const NOWHERE = new ArtifactRef(`sha256-${"0".repeat(64)}`, 1, "bytes");
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
    ["a stream of Node", () => Readable.from([Buffer.from("ab"), Buffer.from(""), Buffer.from("c")]), bytes(97, 98, 99)],
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

  test("a reference goes through state, Sends, questions, effects and other artifacts, and comes back as one", async () => {
    const seen: unknown[] = [];
    const start: TestNode = async (_state, { artifacts, once }) => {
      const ref = await once("put", () => artifacts.put("deep"));
      const outer = await artifacts.put({ list: [ref] });
      return new Command({ update: { value: { outer, map: new Map([[1, ref]]) } }, goto: [new Send("asks", ref)] });
    };
    const asks: TestNode = async (state, { artifacts, input, interrupt }) => {
      const answer = interrupt<ArtifactRef>({ about: input });
      const { outer } = state.value as { readonly outer: ArtifactRef };
      const { list } = await artifacts.get<{ readonly list: readonly ArtifactRef[] }>(outer);
      seen.push(await artifacts.get(answer), await artifacts.get(list[0] as ArtifactRef));
      return {};
    };
    const checkpointer = open();
    const graph = abreast({ start: [start, { ends: ["asks"] }], asks });
    const runner = new AppRunner(graph, { checkpointer });
    await runner.createSession("s");
    const paused = await runner.runUntilComplete("s");
    const status = (await runner.session("s")).status;
    expect(paused.outcome).toBe("paused");
    if (status.kind !== "paused" || status.reason.kind !== "interrupt") throw new TypeError("it asks nobody");
    void status.reason.interrupts;
    expect(seen).toEqual([]);
  });
});
