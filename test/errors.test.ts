import { describe, expect, test, vi } from "vitest";
import * as errors from "../src/errors.js";
import { type FrontierContext, locate, recordOf, SuperstepError } from "../src/errors.js";

const boom = new TypeError("boom");
const task = (node: string): errors.TaskRef => ({ id: `${node}.1`, node });
const failure = (node: string, error: unknown, attempt = 1): errors.TaskFailure => ({
  task: { id: `${node}.1`, node },
  attempt,
  error,
});

/** Every kind of the contract (and three causes that are ours), with the data it must carry. */
const kinds: readonly (readonly [error: SuperstepError, name: string, code: string, fields?: object])[] = [
  [
    new errors.GraphValidationError("g", [
      { kind: "noEntry", message: "nothing leads out of START", help: "add an edge" },
    ]),
    "GraphValidationError",
    "GRAPH_INVALID",
    { issues: [{ kind: "noEntry", message: "nothing leads out of START", help: "add an edge" }] },
  ],
  [
    new errors.NodeError(failure("a", boom, 3), [failure("a", boom, 3), failure("b", "text")]),
    "NodeError",
    "NODE_FAILED",
    { node: "a", cause: boom, failures: [failure("a", boom, 3), failure("b", "text")] },
  ],
  [
    new errors.NodeTimeoutError("a", 50),
    "NodeTimeoutError",
    "NODE_TIMEOUT",
    { node: "a", timeoutMs: 50, option: "timeoutMs" },
  ],
  [
    new errors.RetriesSpentError("a", 2, boom),
    "RetriesSpentError",
    "RETRIES_SPENT",
    { node: "a", attempts: 2, cause: boom },
  ],
  [new errors.CacheKeyError("a", boom), "CacheKeyError", "CACHE_KEY_FAILED", { node: "a", cause: boom }],
  [
    new errors.NodeMiddlewareError("a", "called `next` twice"),
    "NodeMiddlewareError",
    "NODE_MIDDLEWARE_FAILED",
    { node: "a" },
  ],
  [
    new errors.NodeStuckError("a", 5_000, boom),
    "NodeStuckError",
    "NODE_STUCK",
    { node: "a", graceMs: 5_000, cause: boom },
  ],
  [new errors.NodeResultError("a", "a number"), "NodeResultError", "NODE_RESULT_INVALID", { node: "a" }],
  [
    new errors.InvalidOptionError("maxSteps", "is no number", "pass one"),
    "InvalidOptionError",
    "INVALID_OPTION",
    { option: "maxSteps" },
  ],
  [new errors.UnknownNodeError("z", "interruptBefore", ["a", "b"]), "UnknownNodeError", "UNKNOWN_NODE", { node: "z" }],
  [new errors.CheckpointNotFoundError("s", "of step 7"), "CheckpointNotFoundError", "CHECKPOINT_NOT_FOUND"],
  [
    new errors.ReducerError("total", task("a"), boom),
    "ReducerError",
    "REDUCER_FAILED",
    { channel: "total", cause: boom },
  ],
  [
    new errors.ConcurrentWriteError("value", task("a"), task("b")),
    "ConcurrentWriteError",
    "CONCURRENT_WRITE",
    { channel: "value", nodes: ["a", "b"] },
  ],
  [
    new errors.UnknownChannelError("valeu", task("a"), ["value"]),
    "UnknownChannelError",
    "UNKNOWN_CHANNEL",
    { channel: "valeu" },
  ],
  [
    new errors.ChannelSchemaError("value", [{ message: "too long", path: "a[0]" }], { cause: boom }),
    "ChannelSchemaError",
    "CHANNEL_INVALID",
    { channel: "value", issues: [{ message: "too long", path: "a[0]" }], cause: boom },
  ],
  [
    errors.RouteError.unknownTarget("a", "z", ["b"]),
    "RouteError",
    "ROUTE_UNKNOWN_TARGET",
    { origin: "a", target: "z" },
  ],
  [errors.RouteError.failed("a", boom), "RouteError", "ROUTE_FAILED", { origin: "a", cause: boom }],
  [
    new errors.JoinStalledError("j", ["a", "b"]),
    "JoinStalledError",
    "JOIN_STALLED",
    { join: "j", waitingFor: ["a", "b"] },
  ],
  [new errors.StepLimitError("s", 100), "StepLimitError", "STEP_LIMIT"],
  [new errors.RunAbortedError("s", boom), "RunAbortedError", "RUN_ABORTED", { cause: boom }],
  [new errors.SessionNotFoundError("s"), "SessionNotFoundError", "SESSION_NOT_FOUND"],
  [new errors.SessionExistsError("s"), "SessionExistsError", "SESSION_EXISTS"],
  [
    new errors.SessionBusyError("s", "process 7", 5),
    "SessionBusyError",
    "SESSION_BUSY",
    {
      owner: "process 7",
      since: 5,
      message: 'session "s" is being driven by process 7 since 1970-01-01T00:00:00.005Z',
    },
  ],
  [
    new errors.SessionNotFinishedError("s", "paused"),
    "SessionNotFinishedError",
    "SESSION_NOT_FINISHED",
    { status: "paused" },
  ],
  [new errors.NotPausedError("s", "ready"), "NotPausedError", "NOT_PAUSED"],
  [
    new errors.PredicateError("s", "isOdd", boom, "mend it"),
    "PredicateError",
    "PREDICATE_FAILED",
    { predicate: "isOdd", cause: boom },
  ],
  [
    new errors.DrainTimeoutError(5, ["s", "t"]),
    "DrainTimeoutError",
    "DRAIN_TIMEOUT",
    { timeoutMs: 5, sessions: ["s", "t"], message: 'sessions still run after 5 ms of draining: "s", "t"' },
  ],
  [new errors.RunnerDrainingError("s"), "RunnerDrainingError", "RUNNER_DRAINING", { sessionId: "s" }],
  [
    new errors.SessionCancelledError("s", "host/1/a", "too dear"),
    "SessionCancelledError",
    "SESSION_CANCELLED",
    { sessionId: "s", by: "host/1/a", reason: "too dear" },
  ],
  [
    new errors.InterruptAnswerError("s", "two interrupts are open", [{ id: "i1", node: "a" }]),
    "InterruptAnswerError",
    "INTERRUPT_ANSWER",
    { open: [{ id: "i1", node: "a" }] },
  ],
  [
    new errors.GraphMismatchError("s", {
      missingNodes: ["a"],
      missingChannels: ["value"],
      path: ["b"],
      cause: undefined,
    }),
    "GraphMismatchError",
    "GRAPH_MISMATCH",
    { missingNodes: ["a"], missingChannels: ["value"] },
  ],
  [
    new errors.WorkerExitedError("a", { exitCode: 137, signal: null, output: "out", cause: boom }),
    "WorkerExitedError",
    "WORKER_EXITED",
    { node: "a", exitCode: 137, signal: null, output: "out", cause: boom },
  ],
  [
    new errors.WorkerMemoryError("a", { exitCode: 1, signal: null, output: "out" }),
    "WorkerMemoryError",
    "WORKER_OUT_OF_MEMORY",
    { node: "a", output: "out", retryable: false },
  ],
  [
    new errors.WorkerStartError("a", "did not start", { exitCode: 1, signal: null, output: "out", cause: boom }),
    "WorkerStartError",
    "WORKER_START_FAILED",
    { node: "a", output: "out", cause: boom },
  ],
  [
    new errors.NodeModuleError("file:///a.js", "cannot be loaded", boom),
    "NodeModuleError",
    "NODE_MODULE_INVALID",
    { url: "file:///a.js", retryable: false, cause: boom },
  ],
  [new errors.ExecutorClosedError("a"), "ExecutorClosedError", "EXECUTOR_CLOSED"],
  [new errors.ConfigMismatchError("s", ["model"]), "ConfigMismatchError", "CONFIG_MISMATCH", { fields: ["model"] }],
  [new errors.CheckpointError("save", boom), "CheckpointError", "CHECKPOINT_FAILED", { cause: boom }],
  [new errors.CheckpointConflictError("s", "x-1"), "CheckpointConflictError", "CHECKPOINT_CONFLICT"],
  [
    new errors.CheckpointCorruptError("record 3", { cause: boom, sessionId: "s", step: 3 }),
    "CheckpointCorruptError",
    "CHECKPOINT_CORRUPT",
    { cause: boom, sessionId: "s", step: 3 },
  ],
  [new errors.ArtifactNotFoundError("sha256-0"), "ArtifactNotFoundError", "ARTIFACT_NOT_FOUND", { digest: "sha256-0" }],
  [
    new errors.ArtifactCorruptError("sha256-0", boom),
    "ArtifactCorruptError",
    "ARTIFACT_CORRUPT",
    { digest: "sha256-0", cause: boom },
  ],
  [
    new errors.SerializationError("messages[3].onClick", "a function", { cause: boom }),
    "SerializationError",
    "NOT_SERIALIZABLE",
    { path: "messages[3].onClick", cause: boom },
  ],
];

const at: FrontierContext = {
  sessionId: "s",
  step: 3,
  frontier: [{ id: "x.1", node: "a" }],
  versions: { value: 2 },
  finished: [],
};

describe.each(kinds.map(([error, name, code, fields]) => ({ error, name, code, fields })))(
  "$code:",
  ({ error, name, code, fields = {} }) => {
    test("it has its name, its code and its data", () => {
      expect(error).toBeInstanceOf(SuperstepError);
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe(name);
      expect(error.code).toBe(code);
      expect(error).toMatchObject(fields);
      expect(SuperstepError.is(error)).toBe(true);
    });

    test("its message is subject, what and where, in lower case and without a full stop; its help says what to do", () => {
      expect(error.message).toMatch(/^[^A-Z]/);
      expect(error.message).not.toMatch(/[.\s]$/);
      expect(error.message).not.toContain("undefined");
      expect(error.help).toMatch(/^[a-z`].*[^.]$/);
      expect(error.stack).toContain(`${name}: ${error.message.split("\n")[0]}`);
    });

    test("P61: its record survives JSON", () => {
      const record = error.toJSON();
      expect(JSON.parse(JSON.stringify(error))).toEqual(record);
      expect(record).toMatchObject({ name, code, message: error.message });
      expect(record.cause?.message).toBe("cause" in error ? "boom" : undefined);
    });
  },
);

test("every kind that there is stands in the table above", () => {
  const known = new Set(kinds.map(([error]) => error.constructor));
  const all = Object.values(errors).filter((value) => Object.prototype.isPrototypeOf.call(SuperstepError, value));
  expect(all.filter((kind) => !known.has(kind))).toEqual([]);
  expect(all.length).toBeGreaterThan(20);
});

test("codes are told apart", () => {
  expect(new Set(kinds.map(([, , code]) => code)).size).toBe(kinds.length);
});

test("all issues of a graph are in its message, each with its help", () => {
  const issues = [1, 2].map((n) => ({ kind: "k", message: `wrong ${n}`, help: `mend ${n}` }));
  expect(new errors.GraphValidationError("g", issues).message).toBe(
    'graph "g" has 2 issues\n  - wrong 1: mend 1\n  - wrong 2: mend 2',
  );
});

test("L9: a NodeError tells of the other failures, and of what is no Error", () => {
  const failures = [failure("a", undefined), failure("b", boom)];
  expect(new errors.NodeError(failures[0] as errors.TaskFailure, failures).message).toBe(
    'node "a" failed on attempt 1: undefined was thrown (and 1 more)',
  );
});

describe("where it happened:", () => {
  test("an error is located once, and the record tells it", () => {
    const error = locate(new errors.StepLimitError("s", 1), at);
    expect(error.at).toBe(at);
    expect(locate(error, { ...at, step: 9 }).at).toBe(at);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ at });
  });

  test("L9: a frozen error is left as it is", () => {
    const error = Object.freeze(new errors.StepLimitError("s", 1));
    expect(locate(error, at)).toBe(error);
  });

  test("what only calls itself `at` is not taken for a place", () => {
    const cyclic: Record<string, unknown> = { frontier: 1n, finished: [] };
    cyclic.self = cyclic;
    for (const hostile of [cyclic, "text", null, { frontier: [], finished: [] }, trap()]) {
      const record = recordOf(Object.assign(new Error("x"), { at: hostile }));
      expect(record.at).toBeUndefined();
      expect(() => JSON.stringify(record)).not.toThrow();
    }
  });
});

test("P61: what pretends to be an error of the library brings nothing along that cannot be written", () => {
  const pretended = (at: unknown) =>
    recordOf(Object.assign(new TypeError("x"), { at, [Symbol.for("superstep.error")]: true }));
  for (const at of [() => 1, "text", 5n, { step: 5n }, trap()]) expect(pretended(at).at).toBeUndefined();
  const at = { sessionId: "s", step: 1, frontier: [{ id: "1", node: "a", input: () => 1 }] };
  expect(pretended(at).at).toEqual({ ...at, frontier: [{ id: "1", node: "a" }] });
});

describe("another copy of the library:", () => {
  test("its errors are known, and ours to it", async () => {
    vi.resetModules();
    const other = await import("../src/errors.js");
    expect(other.SuperstepError).not.toBe(SuperstepError);
    const theirs = new other.StepLimitError("s", 1);
    expect(theirs).not.toBeInstanceOf(SuperstepError);
    expect(SuperstepError.is(theirs)).toBe(true);
    expect(other.SuperstepError.is(new errors.StepLimitError("s", 1))).toBe(true);
    expect(recordOf(locate(theirs, at))).toMatchObject({ code: "STEP_LIMIT", at });
  });

  test("nothing else is taken for one", () => {
    const imposters = [
      new Error("x"),
      { code: "STEP_LIMIT" },
      null,
      undefined,
      "STEP_LIMIT",
      0,
      Symbol("s"),
      () => true,
      trap(),
      revoked(),
    ];
    for (const value of imposters) expect(SuperstepError.is(value)).toBe(false);
  });
});

describe("L9: whatever is thrown becomes a record that survives JSON:", () => {
  const thrower = Object.create(Error.prototype, {
    name: {
      get: () => {
        throw boom;
      },
    },
    message: {
      get: () => {
        throw boom;
      },
    },
    stack: {
      get: () => {
        throw boom;
      },
    },
    code: {
      get: () => {
        throw boom;
      },
    },
    cause: {
      get: () => {
        throw boom;
      },
    },
    at: {
      get: () => {
        throw boom;
      },
    },
    toJSON: {
      value: () => {
        throw boom;
      },
    },
    toString: {
      value: () => {
        throw boom;
      },
    },
  }) as object;
  const mute = Object.assign(() => undefined, {
    toString: () => {
      throw boom;
    },
  });
  const cyclic: { message: string; cause?: unknown } = new Error("round");
  cyclic.cause = new Error("and", { cause: cyclic });
  const itself: Record<string, unknown> = {};
  itself.self = itself;

  test.each<[what: string, thrown: unknown, message: string]>([
    ["undefined", undefined, "undefined was thrown"],
    ["null", null, "null"],
    ["a string", "text", "text"],
    ["an empty string", "", ""],
    ["a number", 0, "0"],
    ["a bigint", 7n, "7"],
    ["a boolean", false, "false"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", function thrown() {}, "function"],
    ["a function that cannot be read", mute, "cannot be described"],
    ["a record", { status: 503 }, '{"status":503}'],
    ["a record with a message", { message: "full", code: "DISK" }, "full"],
    ["a record that refers to itself", itself, "cannot be described"],
    ["a record with a bigint", { n: 1n }, "cannot be described"],
    ["a record without a prototype", Object.create(null), "{}"],
    ["a list", [1, 2], "[1,2]"],
    ["an Error", boom, "boom"],
    ["a frozen Error", Object.freeze(new Error("cold")), "cold"],
    ["an Error without words", new Error(), ""],
    ["an Error whose message is no text", Object.assign(new Error(), { message: { a: 1 } }), ""],
    ["an Error whose getters throw", thrower, "cannot be described"],
    ["a ring of causes", cyclic, "round"],
    ["a proxy that throws at everything", trap(), "cannot be described"],
    ["a proxy that was revoked", revoked(), "cannot be described"],
    ["a promise", Promise.resolve(), "{}"],
    ["half a surrogate", new Error("\ud800"), "\ud800"],
  ])("%s", (_, thrown, message) => {
    const record = recordOf(thrown);
    expect(record.message).toContain(message);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
    const error = new errors.NodeError(failure("a", thrown), [failure("a", thrown)]);
    expect(error.cause).toBe(thrown);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: "NODE_FAILED" });
  });

  test("what has no code of its own is THROWN; an Error keeps its name and its code", () => {
    expect(recordOf("text")).toEqual({ name: "Thrown", code: "THROWN", message: "text" });
    expect(recordOf(boom)).toMatchObject({ name: "TypeError", code: "THROWN" });
    expect(recordOf(Object.assign(new Error("x"), { code: "ENOENT" }))).toMatchObject({ code: "ENOENT" });
    expect(recordOf(Object.assign(new Error("x"), { code: 7 }))).toMatchObject({ code: "THROWN" });
  });

  test("causes are told, also falsy ones; a ring of them ends", () => {
    expect(recordOf(new Error("x", { cause: "why" })).cause).toMatchObject({ message: "why" });
    for (const cause of [null, 0, "", false])
      expect(recordOf(new Error("x", { cause })).cause?.message).toBe(String(cause));
    let depth = 0;
    for (let record = recordOf(cyclic); record.cause !== undefined; record = record.cause) depth++;
    expect(depth).toBe(16);
  });
});

/** A proxy that throws at whatever is asked of it. */
function trap(): object {
  const no = (): never => {
    throw boom;
  };
  const traps = ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor", "set", "defineProperty"];
  return new Proxy({}, Object.fromEntries(traps.map((name) => [name, no])));
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
