/** A compiled graph. */
import { GraphValidationError } from "../errors.js";
import type { Channels } from "../state/channel.js";
import type { Declaration } from "./declaration.js";
import { type GraphDrawing, toDot, toDrawing, toMermaid } from "./drawing.js";
import { fingerprintOf } from "./fingerprint.js";
import { type GraphPlan, planOf } from "./plan.js";
import { issuesOf } from "./validate.js";

/** A compiled graph: frozen, shareable between runners, free of any session. */
export interface App<C extends Channels, N extends string> {
  readonly name: string;
  readonly nodes: readonly N[];
  /** Equal for equal definitions in any order of declaration. */
  readonly fingerprint: string;
  /** What the phases of a superstep work on; for tools and tests. */
  readonly plan: GraphPlan<C>;
  toMermaid(): string;
  toDot(): string;
  toJSON(): GraphDrawing;
}

/** Checks the whole graph; throws one GraphValidationError that lists every issue. */
export function compile<C extends Channels, N extends string>(declaration: Declaration<C>): App<C, N> {
  const issues = issuesOf(declaration);
  if (issues.length > 0) throw new GraphValidationError(declaration.name, issues);
  const fingerprint = fingerprintOf(declaration);
  return Object.freeze({
    name: declaration.name,
    nodes: Object.freeze(declaration.nodes.map((node) => node.name as N)),
    fingerprint,
    plan: Object.freeze(planOf(declaration, fingerprint)),
    toMermaid: () => toMermaid(declaration),
    toDot: () => toDot(declaration),
    toJSON: () => toDrawing(declaration, fingerprint),
  });
}
