/** What calls of a runner are given, checked when they are: a typed error names what means nothing. */
import { InvalidOptionError, shown } from "../../errors.js";
import type { GraphPlan } from "../../graph/plan.js";
import { contextOf } from "../../graph/run-context.js";
import { isChildId } from "../../session/child-id.js";
import type { Channels } from "../../state/channel.js";
import { checkConfig } from "../run-config.js";
import { checkInterrupts } from "../stops/interrupt-options.js";
import { checkAllowed } from "./executor-options.js";

import {
  checkCount,
  checkList,
  checkMilliseconds,
  checkOneOf,
  checkPort,
  checkTimer,
  isObject,
  isStep,
} from "./option-values.js";
import type { RunOptions } from "./options.js";

/** Options that are on or off: the text "false" is neither. */
const FLAGS = ["interruptEachStep", "discardPending", "allowConfigChange", "restart"] as const;
type Flags = { readonly [Flag in (typeof FLAGS)[number]]?: unknown };

/** Throws InvalidOptionError or UnknownNodeError (P5). */
export function checkRunOptions<C extends Channels>(options: RunOptions, plan: GraphPlan<C>): void {
  checkCount("maxSteps", options.maxSteps);
  checkPort("signal", options.signal, ["addEventListener", "removeEventListener"]);
  for (const flag of FLAGS) checkOneOf(flag, (options as Flags)[flag], [true, false]);
  contextOf(options.context);
  checkAllowed(options.allowExecutors, plan);
  checkConfig(options.config);
  checkInterrupts(options, plan);
}

/** Throws InvalidOptionError. */
export function checkHooks(hooks: unknown): void {
  checkList("hooks", [hooks], isObject, "hooks");
}

/** Throws InvalidOptionError. */
export function checkDrain({
  reason,
  timeoutMs,
}: {
  readonly reason?: unknown;
  readonly timeoutMs?: number | undefined;
}): void {
  checkReason(reason);
  checkTimer("timeoutMs", timeoutMs);
}

/** Throws InvalidOptionError. */
export function checkReason(reason: unknown): void {
  if (reason === undefined || (typeof reason === "string" && reason.isWellFormed())) return;
  throw new InvalidOptionError("reason", "is no well-formed text", "say in words why the run stops");
}

/** Throws InvalidOptionError. */
export function checkBuffer(buffer: number | undefined): void {
  checkCount("buffer", buffer);
}

/** Throws InvalidOptionError. */
export function checkIfExists(ifExists: unknown): void {
  checkOneOf("ifExists", ifExists, ["error", "resume", "replace"]);
}

/** Throws InvalidOptionError. */
export function checkSessionFilter({
  status,
  limit,
  after,
}: {
  readonly status?: unknown;
  readonly limit?: number | undefined;
  readonly after?: unknown;
}): void {
  if (after !== undefined && typeof after !== "string")
    throw new InvalidOptionError("after", `is ${shown(after)}`, "give a session's id");
  checkOneOf("status", status, ["ready", "paused", "failed", "completed"]);
  if (limit !== 0) checkCount("limit", limit);
}

/** Throws InvalidOptionError. */
export function checkHistoryOptions({
  limit,
  before,
}: {
  readonly limit?: number | undefined;
  readonly before?: unknown;
}): void {
  if (limit !== 0) checkCount("limit", limit);
  if (before === undefined || typeof before === "string" || isStep(before)) return;
  throw new InvalidOptionError("before", `is ${shown(before)}`, "give a step, or a checkpoint's id");
}

/** Throws InvalidOptionError. */
export function checkPlace(option: string, place: unknown): void {
  if (typeof place === "string" || isStep(place)) return;
  throw new InvalidOptionError(option, `is ${shown(place)}`, "give a step, or a checkpoint's id");
}

/** Throws InvalidOptionError. */
export function checkFork(options: {
  readonly as: unknown;
  readonly step?: unknown;
  readonly checkpointId?: unknown;
}): void {
  const { as, step, checkpointId } = options;
  checkSessionId(as, "as");
  if (step !== undefined && checkpointId !== undefined)
    throw new InvalidOptionError("checkpointId", "and step are both given", "give one of them");
  if (step !== undefined && !isStep(step)) throw new InvalidOptionError("step", `is ${shown(step)}`, "give a step");
  if (checkpointId === undefined || typeof checkpointId === "string") return;
  throw new InvalidOptionError("checkpointId", `is ${shown(checkpointId)}`, "give a checkpoint's id");
}

/** Throws InvalidOptionError. */
export function checkPrunePolicy(policy: {
  readonly sessionId?: unknown;
  readonly keepLast?: number | undefined;
  readonly olderThanMs?: number | undefined;
}): void {
  if (typeof policy !== "object" || policy === null)
    throw new InvalidOptionError("policy", `is ${shown(policy)}`, "pass { keepLast: 10 }");
  const { sessionId, keepLast, olderThanMs } = policy;
  if (sessionId !== undefined) checkSessionId(sessionId);
  checkCount("keepLast", keepLast);
  checkMilliseconds("olderThanMs", olderThanMs);
  if (keepLast !== undefined || olderThanMs !== undefined) return;
  throw new InvalidOptionError("policy", "says nothing about what may go", "give keepLast, olderThanMs, or both");
}

/** Throws InvalidOptionError for a session id that no store could keep. */
export function checkSessionId(sessionId: unknown, option = "sessionId"): void {
  checkReadableId(sessionId, option);
  if (!isChildId(String(sessionId))) return;
  throw new InvalidOptionError(option, "holds U+001F", "leave it out: the names of subgraphs' sessions have it");
}

/** Of a session that is only looked at: subgraphs' too. Throws InvalidOptionError. */
export function checkReadableId(sessionId: unknown, option = "sessionId"): void {
  if (typeof sessionId === "string" && sessionId !== "" && sessionId.length <= 512 && sessionId.isWellFormed()) return;
  throw new InvalidOptionError(option, "is no usable name", "pass a well-formed string of 1 to 512 characters");
}
