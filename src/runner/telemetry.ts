/**
 * Spans, through `@opentelemetry/api`. This file is their documentation: names and attributes stand in `SPANS`. Silent, and one
 * check a run, without an SDK. Every span covers the awaited work. A pause is not an error.
 */
import { createRequire } from "node:module";
import type * as Api from "@opentelemetry/api";
import type { Context, Link, Span } from "@opentelemetry/api";
import { recordOf } from "../errors.js";
import { isThenable } from "../superstep/thenable.js";

/** run → superstep → schedule → node <name> (→ subgraph → superstep → …); barrier, frontier and checkpoint stand beside schedule. */
export const SPANS = {
  /** One call that runs supersteps. `superstep.session_id`, `superstep.graph`; links to the trace that paused. */
  run: "run",
  /** `step`. */
  superstep: "superstep",
  /** `step`, `frontier_len`. */
  schedule: "schedule",
  /** `superstep.node`, `superstep.task_id`, `superstep.attempt`. */
  node: (name: string) => `node ${name}`,
  /** What a node does that is a graph, with supersteps of its own: `superstep.graph`, `superstep.path` (node names from the root, joined by " / "). */
  subgraph: "subgraph",
  /** `ran_nodes_len`, `errors_in_partials` (always 0: a superstep with a failed task never gets here). */
  barrier: "barrier",
  /** `commands_count`, `conditional_edges_evaluated`. */
  frontier: "frontier",
  /** `step`, `bytes`. */
  checkpoint: "checkpoint",
} as const;

const require = createRequire(import.meta.url);
/** Under this name an SDK leaves its providers, for every copy of the API's version 1. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");
let loaded: typeof Api | undefined;

/** The API, once there is somebody to record: it takes longer to load than all the rest of this library. */
function api(): typeof Api | undefined {
  const registry = (globalThis as { [REGISTRY]?: { readonly trace?: unknown } })[REGISTRY];
  if (registry?.trace === undefined) return undefined;
  loaded ??= require("@opentelemetry/api") as typeof Api;
  return loaded;
}

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A recorded span under which others can stand. */
export class Trace {
  readonly #api: typeof Api;
  readonly #span: Span;
  readonly #context: Context;

  private constructor(used: typeof Api, span: Span, parent: Context) {
    this.#api = used;
    this.#span = span;
    this.#context = used.trace.setSpan(parent, span);
  }

  /** Undefined when nobody records. `pausedIn`: the traceparent of the run that paused. */
  static start(name: string, attributes: Attributes, pausedIn?: string): Trace | undefined {
    const used = api();
    if (used === undefined) return undefined;
    const parent = used.context.active();
    const links = pausedIn === undefined ? [] : [linkTo(used, pausedIn)];
    const span = used.trace.getTracer("superstep").startSpan(name, { attributes, links }, parent);
    if (span.isRecording()) return new Trace(used, span, parent);
    span.end();
    return undefined;
  }

  /** W3C traceparent. */
  get parent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  child(name: string, attributes: Attributes): Trace {
    const span = this.#api.trace.getTracer("superstep").startSpan(name, { attributes }, this.#context);
    return new Trace(this.#api, span, this.#context);
  }

  fail(error: unknown): void {
    const { name, code, message, stack } = recordOf(error);
    this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message });
    this.#span.recordException({
      name,
      message,
      ...(code !== "THROWN" && { code }),
      ...(stack !== undefined && { stack }),
    });
  }

  end(): void {
    this.#span.end();
  }

  /** Runs `work` with the span active, and ends it when the work has. `isFailure` says which errors are failures. */
  cover<T>(work: () => T, isFailure: (error: unknown) => boolean = () => true): T {
    const ended = (value: unknown): unknown => {
      this.end();
      return value;
    };
    const failed = (error: unknown): never => {
      if (isFailure(error)) this.fail(error);
      this.end();
      throw error;
    };
    try {
      const result = this.#api.context.with(this.#context, work);
      if (isThenable(result)) return Promise.resolve(result).then(ended, failed) as T;
      this.end();
      return result;
    } catch (error) {
      return failed(error);
    }
  }
}

/** Runs `work` in a span under `parent`. Whoever has none calls `work` itself: most supersteps make no closures for spans. */
export function within<T>(parent: Trace, name: string, attributes: Attributes, work: (span: Trace) => T): T {
  const span = parent.child(name, attributes);
  return span.cover(() => work(span));
}

function linkTo({ TraceFlags }: typeof Api, traceparent: string): Link {
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  return { context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true } };
}
