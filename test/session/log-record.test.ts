/** Records as text (T1): what follows from the parent, or stands in the session's row, is not written again, and is read all the same. */
import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/session/checkpoint.js";
import {
  decodeRecord,
  encodeBody,
  encodeSnapshot,
  type KnownParent,
  lastStates,
  outlineOf,
  type StoredRecord,
} from "../../src/session/log-record.js";
import { replaceAll } from "../../src/state/delta.js";
import { firstOf, nextOf } from "../../src/testing/checkpoints.js";

const first = firstOf("s", { state: { list: [], n: 0, now: undefined, constructor: 0 } });
const APPEND = [{ op: "append" as const, path: [], items: ["x"] }];
const second = nextOf(first, "list", APPEND);
const OTHER_GRAPH = "fedcba9876543210";

function known({ frontier, versions, fingerprint }: Checkpoint = first): KnownParent {
  return { frontier, versions, fingerprint };
}

function keysOf(body: string): readonly string[] {
  return Object.keys(JSON.parse(body) as object);
}

function stored(checkpoint: Checkpoint, body: string, snapshot?: string): StoredRecord {
  const { sessionId, incarnation, seq, parentSeq, source, step, createdAt, format } = checkpoint;
  const { fingerprint } = first;
  return { sessionId, incarnation, seq, parentSeq, source, step, createdAt, format, fingerprint, body, snapshot };
}

/** What is read of a checkpoint on top of the first one. */
function readBack(checkpoint: Checkpoint, body: string): unknown {
  const parent = decodeRecord(stored(first, encodeBody(first), encodeSnapshot(first)));
  const record = decodeRecord(stored(checkpoint, body));
  return { ...outlineOf(record, () => parent), ...lastStates([parent, record], 1)[0] };
}

test("what a superstep that appends adds to its columns is its frontier and its delta", () => {
  expect(JSON.parse(encodeBody(second, { parent: known() }))).toEqual({
    f: ["a"],
    d: [[0, "list", [["p", [], ["x"]]]]],
  });
});

test("without a parent that is known, versions, graph and what ran are written out", () => {
  expect(keysOf(encodeBody(second))).toEqual(["f", "d", "v", "g", "r"]);
});

test("a session's first record leaves its graph to the session's row", () => {
  expect(keysOf(encodeBody(first))).toEqual(["f", "d"]);
});

/** Checkpoints on top of the first one, and the keys that each takes besides its frontier and its deltas. */
const twice = { ...second, versions: { ...second.versions, list: 3 } };
const both = nextOf(second, "n", replaceAll(1));
const squashed = {
  ...both,
  parentSeq: 1,
  ran: first.frontier,
  deltas: [...second.deltas, ...both.deltas],
  updatedChannels: ["list", "n"],
};
const CASES: readonly (readonly [string, Checkpoint, readonly string[]])[] = [
  ["that appends", second, []],
  ["of a channel whose name every record inherits", nextOf(first, "constructor", replaceAll(1)), []],
  ["of two channels", squashed, []],
  ["of two channels that were opened in another order", { ...squashed, updatedChannels: ["n", "list"] }, ["v"]],
  ["of several supersteps", twice, ["v"]],
  ["with a channel that was only cleared", { ...second, updatedChannels: ["now", "list"] }, ["v"]],
  ["with a delta that changed nothing", { ...second, versions: first.versions, updatedChannels: [] }, ["v"]],
  ["of another graph", { ...second, fingerprint: OTHER_GRAPH }, ["g"]],
];

describe.each(CASES)("a superstep %s", (_, checkpoint, keys) => {
  test("writes down what does not follow", () => {
    expect(keysOf(encodeBody(checkpoint, { parent: known() })).filter((key) => !"fd".includes(key))).toEqual(keys);
  });

  test("T1: reads back the same, whether its parent was known or not", () => {
    for (const body of [encodeBody(checkpoint, { parent: known() }), encodeBody(checkpoint)])
      expect(readBack(checkpoint, body)).toEqual(checkpoint);
  });
});

test("an ephemeral channel, whose delta is not kept, has its version written down", () => {
  const now = nextOf(first, "now", replaceAll("soon"), { ephemeral: ["now"] });
  const body = encodeBody(now, { parent: known() });
  expect(JSON.parse(body)).toMatchObject({ d: [], v: { now: 2 } });
  expect(readBack(now, body)).toMatchObject({ updatedChannels: ["now"], versions: now.versions });
});

test("T4: a state that does not follow by its deltas has its versions written down", () => {
  expect(keysOf(encodeBody(second, { parent: known(), whole: true }))).toEqual(["f", "d", "v", "w"]);
});

test("B6: a channel that is new, and bears the name of what every record inherits, begins at one", () => {
  const bare = firstOf("s", { state: {} });
  const versions = Object.freeze({ toString: 1 } as Record<string, number>);
  const grown = { ...nextOf(bare, "toString", replaceAll(1)), versions };
  const body = encodeBody(grown, { parent: known(bare) });
  expect(keysOf(body)).toEqual(["f", "d"]);
  const chain = [stored(bare, encodeBody(bare), encodeSnapshot(bare)), stored(grown, body)].map(decodeRecord);
  expect(Object.entries(lastStates(chain, 1)[0]?.versions ?? {})).toEqual([["toString", 1]]);
});
