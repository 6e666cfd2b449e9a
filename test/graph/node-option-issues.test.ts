import { describe, expect, test } from "vitest";
import {
  type Channels,
  END,
  GraphValidationError,
  lastValue,
  type NodeOptions,
  START,
  StateGraph,
} from "../../src/index.js";

function compiled(options: unknown) {
  return new StateGraph<Channels, string>({ value: lastValue(0) })
    .addNode("a", () => undefined, options as NodeOptions<Channels>)
    .addEdge(START, "a")
    .addEdge("a", END)
    .compile();
}

function messagesOf(options: unknown): readonly string[] {
  try {
    compiled(options);
  } catch (error) {
    if (error instanceof GraphValidationError) return error.issues.map(({ kind, message }) => `${kind}: ${message}`);
    throw error;
  }
  return [];
}

const NUMBERS = [-1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "5", null, {}, [], 5n, () => 1];
const TIMERS = [...NUMBERS, 0, 2 ** 31];
const NO_FUNCTIONS = [null, 1, "f", {}, true, async () => true];
const NO_NAMES = ["", null, 7, {}];
const wrong: readonly (readonly [option: string, values: readonly unknown[]])[] = [
  ["timeoutMs", TIMERS],
  ["idleTimeoutMs", TIMERS],
  ["defer", [null, 1, "yes"]],
  ["ends", [null, "a", 5, {}]],
  ["onError", NO_FUNCTIONS],
  ["limit", NO_NAMES],
  ["retry", [null, 3, "3", []]],
  ["retry.maxAttempts", [undefined, 0, -1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, "3", null]],
  ["retry.initialDelayMs", NUMBERS],
  ["retry.backoff", NUMBERS],
  ["retry.maxDelayMs", NUMBERS],
  ["retry.budgetMs", NUMBERS],
  ["retry.jitter", [null, 0, "no"]],
  ["retry.retryOn", NO_FUNCTIONS],
  ["cache", [null, true, () => 1, []]],
  ["cache.key", [undefined, ...NO_FUNCTIONS]],
  ["cache.ttlMs", [...NUMBERS, 0]],
  ["cache.version", NO_NAMES],
];

function optionsWith(option: string, value: unknown): unknown {
  const [outer = "", inner] = option.split(".");
  const usual = outer === "cache" ? { key: () => 1 } : { maxAttempts: 2 };
  return { [outer]: inner === undefined ? value : { ...usual, [inner]: value } };
}

describe.each(wrong)("%s:", (option, values) => {
  test.each(values)("%s is an issue that names the node and the option", (value) => {
    const messages = messagesOf(optionsWith(option, value));
    expect(messages).toEqual([expect.stringContaining(`invalidOption: option "${option}" of node "a" is `)]);
  });
});

test("what means something is no issue", () => {
  const retry = { maxAttempts: 1, initialDelayMs: 0, backoff: 0, maxDelayMs: 2 ** 40, budgetMs: 0, jitter: false };
  expect(messagesOf({ retry, timeoutMs: 2 ** 31 - 1, idleTimeoutMs: 0.5, defer: false, ends: [END] })).toEqual([]);
  expect(messagesOf({ retry: { maxAttempts: Number.POSITIVE_INFINITY, retryOn: () => true } })).toEqual([]);
  expect(messagesOf({ cache: { key: () => 1, ttlMs: 2 ** 40, version: "2" }, onError: () => ({}) })).toEqual([]);
});

test("all issues of a node are listed at once, beside those of its names", () => {
  expect(messagesOf({ timeoutMs: 0, ends: ["z", 5], retry: { maxAttempts: 0, backoff: -1 } })).toEqual([
    'unknownNode: unknown node "z" in the ends of node "a"',
    'unknownNode: unknown node "5" in the ends of node "a"',
    'invalidOption: option "timeoutMs" of node "a" is 0',
    'invalidOption: option "retry.maxAttempts" of node "a" is 0',
    'invalidOption: option "retry.backoff" of node "a" is -1',
  ]);
});

test("options that are changed after they were given change no graph", () => {
  const retry = { maxAttempts: 2 };
  const ends: string[] = [END];
  const app = compiled({ retry, ends });
  retry.maxAttempts = -1;
  ends.push("nowhere");
  expect(app.plan.nodes.get("a")?.options).toMatchObject({ retry: { maxAttempts: 2 }, ends: [END] });
});
