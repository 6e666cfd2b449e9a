/** What may happen to a session: commands as plain data, so that a sequence shrinks by leaving commands out and making them plainer. */
import fc from "fast-check";
import type { Fault } from "./link.js";
import { NODES, type Write } from "./program.js";
import type { Beginning, Call } from "./shapes.js";

/** A call that drives a session. `abortAt`: its signal is aborted when the n-th task starts; 0: before it is made. */
export interface Drive extends Call {
  readonly abortAt?: number;
}
/** What `resume` is given, in terms of what is open and what was used. */
export interface Reply {
  readonly kind: "none" | "bare" | "open" | "stale" | "beside stale" | "beside ghost";
  /** Which of the open questions, as bits; none: all. */
  readonly picks: number;
  readonly value: unknown;
}
export interface Settings {
  readonly onFailure: "drain" | "abort";
  readonly durability: "step" | "exit";
  /** The store answers in a later turn. */
  readonly isLate: boolean;
  /** How a dead runner's lease ends: it holds for no time, or its owner is known to be gone. */
  readonly ends: "at once" | "by eviction";
}
export type Command = { readonly fault?: Fault } & (
  | { readonly do: "create"; readonly input: Write | undefined; readonly ifExists: "error" | "resume" | "replace" }
  | { readonly do: "invoke"; readonly beginning: Beginning; readonly call: Drive }
  | { readonly do: "step" | "run"; readonly call: Drive }
  /** `twice`: two callers at once. */
  | { readonly do: "resume"; readonly reply: Reply; readonly call: Drive; readonly twice: boolean }
  | { readonly do: "update"; readonly write: Write; readonly asNode?: string }
  /** `stays`: the sequence goes on with the origin. */
  | {
      readonly do: "fork";
      readonly step?: number;
      readonly write: Write;
      readonly asNode?: string;
      readonly stays: boolean;
    }
  | { readonly do: "delete" }
  | { readonly do: "prune"; readonly keepLast: number }
  | { readonly do: "reopen"; readonly settings: Settings }
  /** Runners that were stopped go on. */
  | { readonly do: "wake" }
);

export const settings: fc.Arbitrary<Settings> = fc.record({
  onFailure: fc.constantFrom("drain", "abort"),
  durability: fc.constantFrom("step", "step", "exit"),
  isLate: fc.boolean(),
  ends: fc.constantFrom("at once", "by eviction"),
});

/** The second one time in so many. */
function mostly<A, B>(usual: fc.Arbitrary<A>, other: fc.Arbitrary<B>, oneIn = 8): fc.Arbitrary<A | B> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: usual }, { weight: 1, arbitrary: other });
}
const NOTHING = fc.constant(undefined);

const writes: fc.Arbitrary<Write> = fc.oneof(
  fc.constantFrom<Write[]>({}, { last: "told" }, { last: undefined }, { hint: "told" }, { log: "told" }, { log: [] }),
  fc.record({ count: fc.integer({ min: -2, max: 2 }) }),
  fc.constant<Write>({ log: ["one", "two"], count: 1 }),
  fc.constant<Write>({ log: "told", last: "told" }),
);
const writesAndWrong = mostly(writes, fc.constant<Write>({ ghost: 1, count: 1 }));
const values = fc.constantFrom<unknown[]>("yes", false, 0, "", null, "no", 7, undefined, { ghost: 1 }, []);
const nodes = fc.oneof(fc.subarray([...NODES], { minLength: 1 }), fc.constant<"*">("*")) as fc.Arbitrary<
  readonly string[]
>;
const asNode = fc.constantFrom<string[]>(...NODES, ...NODES, "nobody");

/** One thing that makes a call other than plain. */
const detours: fc.Arbitrary<Drive> = fc.oneof(
  fc.record({ before: nodes }),
  fc.record({ after: nodes }),
  fc.constantFrom<Drive[]>({ each: true }, { hookBefore: true }, { hookAfter: true }, { discard: true }),
  fc.record({ maxSteps: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ abortAt: fc.nat(6) }),
  {
    weight: 2,
    arbitrary: fc.record({
      trouble: fc.record({
        node: fc.constantFrom(...NODES),
        kind: fc.constantFrom("throws", "throws", "hangs", "ghost", "stray"),
      }),
    }),
  },
);
const calls: fc.Arbitrary<Drive> = fc
  .array(detours, { maxLength: 2 })
  .map((parts) => Object.assign({}, ...parts) as Drive);

const replies: fc.Arbitrary<Reply> = fc.record({
  kind: mostly(
    fc.constant("open"),
    fc.constantFrom("bare", "bare", "none", "stale", "beside stale", "beside ghost"),
    3,
  ),
  picks: fc.nat(3),
  value: values,
});
const inputs = mostly(NOTHING, writesAndWrong, 2);
const beginnings: fc.Arbitrary<Beginning> = fc
  .tuple(inputs, mostly(NOTHING, asNode), mostly(fc.constant(false), fc.constant(true), 4))
  .map(([input, entry, restart]) => ({ input, restart, ...(entry !== undefined && { entry }) }));
const edits = fc
  .tuple(writesAndWrong, mostly(NOTHING, asNode, 3))
  .map(([write, as]) => ({ write, ...(as !== undefined && { asNode: as }) }));

const faults = fc.record({
  kind: fc.constantFrom<Fault["kind"][]>("refused", "forgotten", "killed", "killedAfter", "stopped"),
  at: fc.integer({ min: 1, max: 12 }),
});

function always<D extends Command["do"]>(name: D) {
  return fc.constant(name);
}

const plain: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      do: always("create"),
      input: inputs,
      ifExists: fc.constantFrom("error", "error", "resume", "replace"),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: always("invoke"), beginning: beginnings, call: calls }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("step", "step", "run"), call: calls }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: always("resume"),
      reply: replies,
      call: calls,
      twice: mostly(fc.constant(false), fc.constant(true), 12),
    }),
  },
  { weight: 2, arbitrary: edits.map((edit) => ({ do: "update", ...edit }) as const) },
  {
    weight: 1,
    arbitrary: fc.tuple(edits, mostly(NOTHING, fc.nat(6), 2), fc.boolean()).map(([edit, step, stays]) => {
      return { do: "fork", ...edit, stays, ...(step !== undefined && { step }) } as const;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ do: always("prune"), keepLast: fc.integer({ min: 1, max: 6 }) }),
      mostly(
        fc.record({ do: always("reopen"), settings }),
        fc.constantFrom<Command[]>({ do: "delete" }, { do: "wake" }),
        3,
      ),
    ),
  },
);

/** A command, which now and then meets a fault on its way to the store. */
export const commands: fc.Arbitrary<Command> = fc
  .tuple(plain, mostly(NOTHING, faults, 6))
  .map(([command, fault]) => (fault === undefined ? command : { ...command, fault }));
