import { expect, test } from "vitest";
import { ArtifactRef } from "../../src/index.js";
import { artifactsIn } from "../../src/state/artifact-refs.js";
import { isEqual } from "../../src/state/equality.js";

const digestOf = (digit: string): string => `sha256-${digit.repeat(64)}`;
const ref = (digit: string, size = 1, kind: "bytes" | "value" = "bytes") =>
  new ArtifactRef(digestOf(digit), size, kind);

test("references are equal when they name the same content, to be read as the same", () => {
  expect(isEqual({ at: [ref("a")] }, { at: [ref("a")] })).toBe(true);
  for (const other of [ref("b"), ref("a", 2), ref("a", 1, "value"), { ...ref("a") }]) {
    expect(isEqual(ref("a"), other)).toBe(false);
    expect(isEqual(other, ref("a"))).toBe(false);
  }
});

test("a reference is frozen, and JSON shows what it says", () => {
  const one = ref("a");
  expect(Reflect.set(one, "size", 2)).toBe(false);
  expect(JSON.stringify(one)).toBe(`{"digest":"${digestOf("a")}","size":1,"kind":"bytes"}`);
});

test("references are found wherever they stand, each once, also in what leads back to itself", () => {
  const ring: Record<string, unknown> = { ref: ref("a") };
  ring.self = ring;
  const cause = new Error("with a cause", { cause: { ref: ref("b") } });
  const value = {
    ring,
    cause,
    map: new Map<unknown, unknown>([[ref("c"), [ref("d"), ref("d")]]]),
    set: new Set([ref("e")]),
    text: digestOf("f"),
  };
  expect([...artifactsIn(value)].sort()).toEqual(["a", "b", "c", "d", "e"].map(digestOf));
  expect([...artifactsIn("text")]).toEqual([]);
});

test("what was seen before is not looked at again", () => {
  const seen = new Set<object>();
  const shared = { ref: ref("a") };
  expect([...artifactsIn([shared], seen)]).toEqual([digestOf("a")]);
  expect([...artifactsIn([shared, ref("b")], seen)]).toEqual([digestOf("b")]);
});
