/** The names that options of a runner and of its calls may have; each table is held to its interface by the compiler. */

import { checkNames, InvalidOptionError, type OptionNames } from "../../errors.js";
import { isCompiled } from "../../graph/declaration.js";
import type { Channels } from "../../state/channel.js";
import type { CloseOptions, DrainOptions } from "../calls/active-runs.js";
import type { ForkOptions, InvokeOptions } from "../calls/calls.js";
import type { LeaseOptions } from "../calls/leases.js";
import type { UpdateOptions } from "../sessions/editing.js";
import type { CreateOptions } from "../sessions/invocation.js";
import type { SessionFilter } from "../sessions/listing.js";
import type { HistoryOptions, PruneOptions } from "../sessions/past.js";
import type { StreamOptions } from "../stream/stream.js";
import type { AppRunnerOptions, RunOptions } from "./options.js";

const RUNNER = {
  checkpointer: true,
  hooks: true,
  maxConcurrency: true,
  limits: true,
  onFailure: true,
  durability: true,
  clock: true,
  random: true,
  executors: true,
  environment: true,
  middleware: true,
  migrate: true,
  freeConfig: true,
  predicates: true,
  drainOn: true,
  lease: true,
} satisfies OptionNames<AppRunnerOptions>;

const LEASE = { ttlMs: true, clock: true } satisfies OptionNames<LeaseOptions>;

/** One superstep takes them too: who runs step by step and who runs on may share an object of options. */
const RUN = {
  interruptBefore: true,
  interruptAfter: true,
  interruptEachStep: true,
  within: true,
  signal: true,
  allowExecutors: true,
  context: true,
  config: true,
  allowConfigChange: true,
  maxSteps: true,
  discardPending: true,
} satisfies OptionNames<RunOptions>;

const INVOKE = { ...RUN, entry: true, restart: true } satisfies OptionNames<InvokeOptions>;

/** By the call that takes them. */
const BY_CALL = {
  run: RUN,
  invoke: INVOKE,
  stream: { ...INVOKE, buffer: true } satisfies OptionNames<StreamOptions>,
  createSession: { ifExists: true } satisfies OptionNames<CreateOptions>,
  updateState: { asNode: true } satisfies OptionNames<UpdateOptions<string>>,
  fork: {
    step: true,
    checkpointId: true,
    as: true,
    update: true,
    asNode: true,
  } satisfies OptionNames<ForkOptions<Channels, string>>,
  sessions: { status: true, limit: true, after: true } satisfies OptionNames<SessionFilter>,
  history: { limit: true, before: true } satisfies OptionNames<HistoryOptions>,
  prune: { sessionId: true, keepLast: true, olderThanMs: true } satisfies OptionNames<PruneOptions>,
  close: { timeoutMs: true } satisfies OptionNames<CloseOptions>,
  drain: { reason: true, timeoutMs: true } satisfies OptionNames<DrainOptions>,
};

/** Throws InvalidOptionError for a name that the call does not know, and for options that are no object. */
export function checkCall(call: keyof typeof BY_CALL, options: unknown): void {
  checkNames(options, BY_CALL[call]);
}

/** The options as they are now, checked like that: what their owner changes while the call runs is for other calls. */
export function given<Options extends object>(call: keyof typeof BY_CALL, options: Options): Options {
  checkCall(call, options);
  const own: Record<string, unknown> = {};
  for (const name in BY_CALL[call]) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) own[name] = value;
  }
  return own as Options;
}

/** Throws InvalidOptionError, also for what is no compiled graph. */
export function checkRunner(app: unknown, options: AppRunnerOptions): void {
  if (!isCompiled(app)) throw new InvalidOptionError("app", "is not compiled", "call `.compile()` on the graph first");
  checkNames(options, RUNNER);
  if (options.lease !== undefined) checkNames(options.lease, LEASE, "lease");
}
