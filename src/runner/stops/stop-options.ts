/** What may stop a run besides its options, and the checks of it: targets and breakpoints are refused when they are given, not when they would be met. */
import { checkNames, InvalidOptionError, type OptionNames, shown, UnknownNodeError } from "../../errors.js";
import type { GraphPlan } from "../../graph/plan.js";
import { END } from "../../graph/target.js";
import type { SessionView } from "../../session/view.js";
import type { Channels } from "../../state/channel.js";
import { type Breakpoint, COMPARISONS, type Comparison } from "../../superstep/breakpoint.js";
import type { Until, UntilWithin } from "../../superstep/until.js";
import { graphWithin } from "./interrupt-options.js";

/** A condition on a session at a boundary. Synchronous, and pure: it is not asked again where the run stopped. */
export type SessionPredicate<C extends Channels = Channels> = (session: SessionView<C>) => boolean;

/** What may stop a run. */
export interface Stops {
  readonly until: Until<SessionView<Channels>> | UntilWithin<SessionView<Channels>> | undefined;
  readonly breakpoints: readonly Breakpoint[];
}
/** What the graph and the runner have. */
interface Known<C extends Channels> {
  readonly plan: GraphPlan<C>;
  readonly predicates: ReadonlyMap<string, SessionPredicate>;
}

/** What a condition can name. */
interface Reading extends Pick<Known<Channels>, "predicates"> {
  readonly plan: Pick<GraphPlan<Channels>, "channels"> & { readonly nodes: ReadonlyMap<string, unknown> };
}
const BREAKPOINT = {
  written: { kind: true, within: true, channel: true },
  routed: { kind: true, within: true, to: true },
  value: { kind: true, within: true, channel: true, path: true, op: true, value: true },
  predicate: { kind: true, within: true, name: true },
} satisfies { readonly [Kind in Breakpoint["kind"]]: OptionNames<Extract<Breakpoint, { readonly kind: Kind }>> };

const TARGETS = ["node", "after", "step", "when"] as const;
const TARGET_HELP = "give one of { node }, { after }, { step } and { when }";

/** Throws InvalidOptionError and UnknownNodeError. */
export function checkUntil<C extends Channels>(target: unknown, around: GraphPlan<C>): void {
  if (!isRecord(target)) throw new InvalidOptionError("target", `is ${shown(target)}`, TARGET_HELP);
  const given = TARGETS.filter((name) => target[name] !== undefined);
  const stray = Object.keys(target).filter((name) => name !== "within" && !TARGETS.some((known) => known === name));
  if (given.length !== 1 || stray.length > 0)
    throw new InvalidOptionError("target", `has ${Object.keys(target).join(", ") || "nothing"}`, TARGET_HELP);
  const { node, after, step, when, within } = target;
  const plan = graphWithin("target.within", within, around);
  if (node !== undefined) checkNode("target.node", node, plan);
  if (after !== undefined) checkNode("target.after", after, plan);
  if (step !== undefined && !(typeof step === "number" && Number.isInteger(step) && step >= 0))
    throw new InvalidOptionError("target.step", `is ${shown(step)}`, "give a whole number of supersteps");
  if (when !== undefined && typeof when !== "function")
    throw new InvalidOptionError("target.when", "is no function", "pass (session) => true or false");
}

/** As they are kept: only what a breakpoint has, frozen. Throws InvalidOptionError and UnknownNodeError. */
export function readBreakpoints<C extends Channels>(list: unknown, known: Known<C>): readonly Breakpoint[] {
  if (!Array.isArray(list))
    throw new InvalidOptionError("breakpoints", "is no list", 'pass a list such as [{ kind: "written", channel }]');
  return Object.freeze(list.map((one: unknown, place) => Object.freeze(readOne(one, `breakpoints[${place}]`, known))));
}

/** Throws InvalidOptionError. */
export function checkPredicates(predicates: unknown): void {
  if (predicates === undefined) return;
  if (!isRecord(predicates) || Array.isArray(predicates))
    throw new InvalidOptionError("predicates", "is no record", "pass { [name]: (session) => true or false }");
  for (const [name, predicate] of Object.entries(predicates)) {
    if (typeof predicate === "function") continue;
    throw new InvalidOptionError(`predicates.${name}`, "is no function", "pass (session) => true or false");
  }
}

function readOne<C extends Channels>(one: unknown, option: string, { plan: around, predicates }: Known<C>): Breakpoint {
  const { within } = isRecord(one) ? one : {};
  const plan = graphWithin(`${option}.within`, within, around);
  const condition = readCondition(one, option, { plan, predicates });
  return within === undefined ? condition : { ...condition, within: Object.freeze([...(within as readonly string[])]) };
}

function readCondition(one: unknown, option: string, { plan, predicates }: Reading): Breakpoint {
  const { kind, channel, to, name } = isRecord(one) ? one : {};
  if (isKind(kind)) checkNames(one, BREAKPOINT[kind], option);
  switch (kind) {
    case "written":
      return { kind, channel: readChannel(channel, option, plan) };
    case "routed":
      if (to !== END) checkNode(`${option}.to`, to, plan);
      return { kind, to: to as string };
    case "predicate":
      if (typeof name === "string" && predicates.has(name)) return { kind, name };
      throw new InvalidOptionError(`${option}.name`, `is ${shown(name)}`, oneOf("predicates", predicates));
    case "value":
      return readValue(one as Readonly<Record<string, unknown>>, readChannel(channel, option, plan), option);
    default:
      throw new InvalidOptionError(`${option}.kind`, `is ${shown(kind)}`, "use written, routed, value or predicate");
  }
}

function isKind(kind: unknown): kind is Breakpoint["kind"] {
  return typeof kind === "string" && Object.hasOwn(BREAKPOINT, kind);
}

function readValue(one: Readonly<Record<string, unknown>>, channel: string, option: string): Breakpoint {
  const { op, value, path } = one;
  if (typeof op !== "string" || !Object.hasOwn(COMPARISONS, op))
    throw new InvalidOptionError(`${option}.op`, `is ${shown(op)}`, oneOf("comparisons", COMPARISONS_BY_NAME));
  if (!isPlain(value))
    throw new InvalidOptionError(`${option}.value`, "is no text, number, boolean or null", "compare parts, by `path`");
  if (path !== undefined && !(Array.isArray(path) && path.every(isKey)))
    throw new InvalidOptionError(`${option}.path`, "is no list of keys", 'pass a list such as ["items", 0]');
  const compared = { kind: "value", channel, op: op as Comparison, value } as const;
  return path === undefined ? compared : { ...compared, path: Object.freeze([...(path as readonly string[])]) };
}

const COMPARISONS_BY_NAME: ReadonlyMap<string, unknown> = new Map(Object.entries(COMPARISONS));

function readChannel(channel: unknown, option: string, { channels }: Reading["plan"]): string {
  if (typeof channel === "string" && channels.has(channel)) return channel;
  throw new InvalidOptionError(`${option}.channel`, `is ${shown(channel)}`, oneOf("channels", channels));
}

function checkNode(option: string, node: unknown, { nodes }: { readonly nodes: ReadonlyMap<string, unknown> }): void {
  if (typeof node !== "string" || !nodes.has(node)) throw new UnknownNodeError(String(node), option, [...nodes.keys()]);
}

function oneOf(what: string, names: ReadonlyMap<string, unknown>): string {
  return `name one of the ${what}: ${[...names.keys()].join(", ") || "there are none"}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function isKey(key: unknown): boolean {
  return typeof key === "string" || (typeof key === "number" && Number.isInteger(key) && key >= 0);
}
