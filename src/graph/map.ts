/**
 * A node that fans itself out: reached by an edge it sends itself one task for each item of a list, and each of those writes what its
 * item came to. Results stand in the order of the items, because writes are folded in frontier order (B1).
 */
import {
  checkNames,
  type ErrorRecord,
  InvalidOptionError,
  NodeResultError,
  type OptionNames,
  recordOf,
  shown,
} from "../errors.js";
import { disown } from "../state/disown.js";
import { Command } from "./command.js";
import { type ModuleRef, originOf } from "./module-ref.js";
import type { NodeContext } from "./node.js";
import { Send } from "./target.js";

/** What an item came to, where failures are collected. */
export type ItemResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: ErrorRecord };
/** What becomes of items that fail. */
export type ItemPolicy = "throw" | "collect" | "skip";
/** What is written for an item. */
type Written<Value, Policy extends ItemPolicy> = Policy extends "collect" ? ItemResult<Value> : Value;
/**
 * A list's name, if such results may stand in it; else what is wrong, for the compiler to say. It asks once before it knows what `run` gives:
 * whatever that is may stand anywhere.
 */
type ListOf<State, Value, Policy extends ItemPolicy, Into extends string> = unknown extends Value | State
  ? Into
  : State extends { readonly [Channel in Into]: readonly (infer Item)[] }
    ? [Written<Value, Policy>] extends [Item]
      ? Into
      : `channel ${Into} takes other items than these results`
    : `channel ${Into} is no list`;

/** A node's word about its update, or about its items. */
type MapWord = Command<unknown> | undefined;

/** Where results go, and how many failures are borne. */
export type MapOptions<
  Item,
  Value,
  Policy extends ItemPolicy,
  Into extends string = string,
  State = unknown,
> = FailureOptions<Policy> &
  (
    | {
        /** The list to which each result is added, in the order of the items. */
        readonly into: ListOf<NoInfer<State>, NoInfer<Value>, NoInfer<Policy>, Into>;
        readonly write?: undefined;
      }
    | {
        readonly into?: undefined;
        /** Or: what a result writes. */
        readonly write: (
          result: NoInfer<Written<Value, Policy>>,
          item: NoInfer<Item>,
        ) => { readonly [Channel in keyof NoInfer<State>]?: unknown };
      }
  );
/** What becomes of items that fail. */
interface FailureOptions<Policy extends ItemPolicy> {
  /**
   * throw (default): an item that fails fails the superstep; the others are kept and not run again. collect: results are
   * `{ ok: true, value }` or `{ ok: false, error }`. skip: nothing is written for an item that fails.
   */
  readonly policy?: Policy | undefined;
  /**
   * How many items of a superstep must succeed for the others to be collected or skipped: below 1 a share of them, from 1 on a number of
   * items. Default one item. Below it the superstep fails, and only the failed items run again on the next try.
   */
  readonly quorum?: (NoInfer<Policy> extends "throw" ? undefined : number) | undefined;
}
/** The same, to whoever does not look at types. */
interface GivenOptions {
  readonly into?: string | undefined;
  readonly write?: ((result: never, item: never) => object) | undefined;
  readonly policy?: ItemPolicy | undefined;
  readonly quorum?: number | undefined;
}

/** Why an item that came to nothing has failed. */
const NOTHING = ["undefined for an item", "return what is to stand in the list; null, if that is nothing"] as const;

const OPTIONS = {
  into: true,
  write: true,
  policy: true,
  quorum: true,
} satisfies OptionNames<MapOptions<unknown, unknown, ItemPolicy>>;

/** How many failures a fan-out bears, and what is written in place of a result. */
export interface Tolerance {
  readonly quorum: number;
  readonly failed: (error: unknown, item: unknown) => unknown;
}
/** A node that sends itself, and what its fan-out bears. */
interface MapNode {
  readonly tolerance: Tolerance | undefined;
  /** Of the function of its items, if that is out of a module. */
  readonly moduleRef: ModuleRef | undefined;
  readonly contentDigest: (() => string) | undefined;
}

/**
 * A node that runs once for each item: `addNode("review", map((state) => state.files, (file, ctx) => …, { into: "reviews" }))`. Its
 * edges are taken when all items have run; an empty list takes them at once. A `Send` to it is one more item. Node options (retry, time
 * limit, limit) are those of each item. Throws InvalidOptionError for options that mean nothing; what `items` throws is the node's failure.
 */
export function map<State, Item, Value, Policy extends ItemPolicy = "throw", Into extends string = never>(
  items: (state: State) => readonly Item[],
  run: (item: Item, ctx: NodeContext, state: NoInfer<State>) => Value | Promise<Value>,
  given: MapOptions<Item, Value, Policy, Into, State>,
): (state: State, ctx: NodeContext) => MapWord | Promise<MapWord> {
  const options: GivenOptions = given;
  checkOptions(items, run, options);
  const isCollected = options.policy === "collect";
  const node = (state: State, ctx: NodeContext): MapWord | Promise<MapWord> => {
    const { input } = ctx;
    if (input === undefined) return spread(ctx.node, items(state));
    const done = (value: Value): MapWord => {
      if (value === undefined && options.into !== undefined) throw new NodeResultError(ctx.node, ...NOTHING);
      return writing(options, isCollected ? { ok: true, value } : value, input);
    };
    const value = run(input as Item, ctx, state);
    return isPromise(value) ? value.then(done) : done(value);
  };
  const { moduleRef, contentDigest } = originOf(run) ?? {};
  return Object.assign(node, { tolerance: toleranceIn(options), moduleRef, contentDigest } satisfies MapNode);
}

/** Whether a node sends itself. */
export function isMap(node: object): node is MapNode {
  return "tolerance" in node;
}

/** What its fan-out bears; undefined for a node that bears nothing. */
export function toleranceOf(node: object): Tolerance | undefined {
  return isMap(node) ? node.tolerance : undefined;
}

function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

function spread(node: string, items: readonly unknown[]): MapWord {
  if (!Array.isArray(items)) {
    disown(items);
    throw new InvalidOptionError("items", "of `map` gave no list", "return a list, and no promise of one");
  }
  if (items.length === 0) return undefined;
  const goto = items.map((item) => {
    if (item !== undefined) return new Send(node, item);
    throw new InvalidOptionError("items", "of `map` has `undefined` in it", "leave it out, or pass null");
  });
  return new Command({ goto });
}

function writing({ into, write }: GivenOptions, result: unknown, item: unknown): MapWord {
  const update = write?.(result as never, item as never) ?? { [into as string]: [result] };
  return new Command({ update });
}

function toleranceIn(options: GivenOptions): Tolerance | undefined {
  const { policy = "throw", quorum = 1 } = options;
  if (policy === "throw") return undefined;
  if (policy === "skip") return { quorum, failed: () => undefined };
  return { quorum, failed: (error, item) => writing(options, { ok: false, error: recordOf(error) }, item) };
}

function checkOptions(items: unknown, run: unknown, options: GivenOptions): void {
  if (typeof items !== "function")
    throw new InvalidOptionError("items", "of `map` is no function", "pass (state) => list");
  if (typeof run !== "function")
    throw new InvalidOptionError("run", "of `map` is no function", "pass (item, ctx) => value");
  checkNames(options, OPTIONS);
  const { into, write, policy = "throw", quorum } = options;
  if ((into === undefined) === (write === undefined)) {
    const problem = into === undefined ? "is missing" : "is given";
    throw new InvalidOptionError("into", `of \`map\` ${problem}, and so is "write"`, "say where results go, once");
  }
  if (write !== undefined && typeof write !== "function")
    throw new InvalidOptionError("write", "of `map` is no function", "pass (result, item) => update");
  if (policy !== "throw" && policy !== "collect" && policy !== "skip")
    throw new InvalidOptionError("policy", `of \`map\` is ${shown(policy)}`, 'pass "throw", "collect" or "skip"');
  if (quorum !== undefined) checkQuorum(quorum, policy);
}

function checkQuorum(quorum: number, policy: ItemPolicy): void {
  if (policy === "throw")
    throw new InvalidOptionError(
      "quorum",
      "of `map` says nothing where failures are thrown",
      'pass policy "collect" or "skip"',
    );
  if (!(quorum >= 0 && (quorum < 1 || Number.isSafeInteger(quorum))))
    throw new InvalidOptionError(
      "quorum",
      `of \`map\` is ${shown(quorum)}`,
      "pass a share between 0 and 1, or a number of items",
    );
}
