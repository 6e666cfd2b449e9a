/** Errors come through as they were. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as errors from "../../src/errors.js";
import { InvalidOptionError, NodeTimeoutError, recordOf, SessionBusyError, SuperstepError } from "../../src/errors.js";
import { envelopeOf, openEnvelope } from "../../src/workers/error-envelope.js";
import { errorTypes, storableValue } from "../properties/storable-values.js";

function through(thrown: unknown): unknown {
  return openEnvelope(structuredClone(envelopeOf(thrown)));
}

const message = fc.string();
const plainError = fc
  .record({ type: fc.constantFrom(...errorTypes), message, code: fc.option(fc.string(), { nil: undefined }) })
  .map(({ type, message: text, code }) => Object.assign(new type(text), code !== undefined && { code }));

test("classes of the language keep class, message, stack, code and cause, at any depth", () => {
  fc.assert(
    fc.property(fc.array(plainError, { minLength: 1, maxLength: 5 }), (chain) => {
      chain.forEach((error, depth) => {
        const cause = chain[depth + 1];
        if (cause !== undefined) error.cause = cause;
      });
      const [first] = chain;
      const came = through(first) as Error;
      expect(recordOf(came)).toEqual(recordOf(first));
      for (let a: unknown = first, b: unknown = came; a !== undefined; a = (a as Error).cause, b = (b as Error).cause)
        expect(Object.getPrototypeOf(b)).toBe(Object.getPrototypeOf(a));
    }),
  );
});

test("whatever else is thrown comes as it is when it can be stored", () => {
  fc.assert(
    fc.property(storableValue(), (value) => {
      fc.pre(!(value instanceof Error) && value !== undefined);
      expect(through(value)).toEqual(value);
    }),
  );
});

describe("errors of this library come back as themselves:", () => {
  test.each([
    new NodeTimeoutError("a", 5),
    new InvalidOptionError("key", "is empty", "fill it"),
    new SessionBusyError("s", "another", 7),
    new errors.WorkerExitedError("a", { exitCode: 1, signal: null, output: "x", cause: new TypeError("why") }),
  ])("%s", (error) => {
    errors.locate(
      error as SuperstepError,
      { sessionId: "s", step: 1, frontier: [], versions: {}, finished: [] } as never,
    );
    const came = through(error) as SuperstepError;
    expect(came).toBeInstanceOf(error.constructor);
    expect(SuperstepError.is(came)).toBe(true);
    expect(JSON.stringify(came)).toBe(JSON.stringify(error));
    expect({ ...came }).toEqual({ ...error });
  });
});

describe("what is hostile is told as well as it can be:", () => {
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap");
      },
    },
  );
  class Own extends Error {
    readonly method = () => 1;
    readonly kept = { deep: [1] };
  }
  const round = new Error("round");
  round.cause = round;
  const ring = new AggregateError([], "ring");
  ring.errors.push(ring, ring);
  ring.cause = ring;
  const shy = new Proxy(new Error("shy"), {
    ownKeys: () => {
      throw new Error("trap");
    },
  });
  const traps = Object.defineProperty([1], 0, {
    get: () => {
      throw new Error("trap");
    },
  });
  class Coded extends Error {
    get code(): string {
      return "E_CODED";
    }
  }
  test.each([
    ["a proxy that throws", trap, {}],
    ["an error that hides its fields", shy, { message: "shy" }],
    ["errors that lead to each other, to many at once", ring, { message: "ring" }],
    ["a list of errors that throws", Object.assign(new Error("list"), { errors: traps }), { message: "list" }],
    ["a code that stands with its class", new Coded("coded"), { message: "coded", code: "E_CODED" }],
    ["a function", () => 1, {}],
    ["undefined", undefined, undefined],
    ["a symbol", Symbol("s"), {}],
    ["a class of its own, with a method", new Own("own"), { message: "own", kept: { deep: [1] } }],
    ["an error that causes itself", round, { message: "round" }],
    ["a frozen error", Object.freeze(new RangeError("cold")), { message: "cold" }],
    [
      "several errors",
      new AggregateError([new TypeError("one"), 2], "all"),
      { message: "all", errors: [expect.any(TypeError), 2] },
    ],
  ])("%s", (_, thrown, like) => {
    const came = through(thrown);
    if (like === undefined) expect(came).toBeUndefined();
    else expect(came).toMatchObject(like);
  });
});
