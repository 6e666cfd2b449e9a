/** What can be wrong with the options of a node. Every message names the node and the option. Pure. */
import { type GraphIssue, listOf, type OptionNames, shown, unknownNames } from "../errors.js";
import type { Channels } from "../state/channel.js";
import type { CachePolicy, NodeOptions, RetryPolicy } from "./node.js";

/** What a timer can wait for: the rest would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Problem = readonly [problem: string, help: string] | undefined;
type Check = (option: string, problem: Problem) => void;
type Fields = Readonly<Record<string, unknown>>;

const NODE = {
  retry: true,
  timeoutMs: true,
  idleTimeoutMs: true,
  defer: true,
  ends: true,
  onError: true,
  limit: true,
  executor: true,
  input: true,
  output: true,
  cache: true,
} satisfies OptionNames<NodeOptions<Channels>>;
const RETRY = {
  maxAttempts: true,
  initialDelayMs: true,
  backoff: true,
  maxDelayMs: true,
  jitter: true,
  budgetMs: true,
  retryOn: true,
} satisfies OptionNames<RetryPolicy>;
const CACHE = { key: true, ttlMs: true, version: true } satisfies OptionNames<CachePolicy<Channels>>;

/** All that is wrong with them; the node's name only stands in the messages. */
export function nodeOptionIssues(node: string, options: unknown): readonly GraphIssue[] {
  const issues: GraphIssue[] = [];
  const check: Check = (option, problem) => {
    if (problem === undefined) return;
    issues.push({
      kind: "invalidOption",
      message: `option "${option}" of node "${node}" ${problem[0]}`,
      help: problem[1],
    });
  };
  const given = options as Fields;
  checkKnown("", given, NODE, check);
  check("timeoutMs", timerProblem(given.timeoutMs));
  check("idleTimeoutMs", timerProblem(given.idleTimeoutMs));
  check("defer", flagProblem(given.defer));
  check("ends", listProblem(given.ends));
  check("onError", functionProblem(given.onError, "(error, state) => update"));
  check("limit", nameProblem(given.limit));
  check("executor", nameProblem(given.executor));
  checkRetry(given.retry, check);
  checkCache(given.cache, check);
  return issues;
}

function checkKnown(within: string, given: Fields, known: object, check: Check): void {
  for (const name of unknownNames(given, known))
    check(`${within}${name}`, ["is unknown", `use one of: ${listOf(known)}`]);
}

function checkRetry(retry: unknown, check: Check): void {
  if (retry === undefined) return;
  if (!isRecord(retry)) return check("retry", ["is no policy", "pass { maxAttempts: 3 }"]);
  checkKnown("retry.", retry, RETRY, check);
  check("retry.maxAttempts", attemptsProblem(retry.maxAttempts));
  check("retry.initialDelayMs", numberProblem(retry.initialDelayMs));
  check("retry.backoff", numberProblem(retry.backoff));
  check("retry.maxDelayMs", numberProblem(retry.maxDelayMs));
  check("retry.budgetMs", numberProblem(retry.budgetMs));
  check("retry.jitter", flagProblem(retry.jitter));
  check("retry.retryOn", functionProblem(retry.retryOn, "(error) => boolean"));
}

function checkCache(cache: unknown, check: Check): void {
  if (cache === undefined) return;
  if (!isRecord(cache))
    return check("cache", ["is no policy", "pass { key: (state, input) => what the node depends on }"]);
  checkKnown("cache.", cache, CACHE, check);
  if (cache.key !== "input")
    check("cache.key", functionProblem(cache.key ?? null, '"input", or (state, input) => key'));
  check("cache.ttlMs", ttlProblem(cache.ttlMs));
  check("cache.version", nameProblem(cache.version));
}

function attemptsProblem(value: unknown): Problem {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 1)) return undefined;
  return [`is ${shown(value)}`, "give a whole number of at least 1: tries in all, the first one included"];
}

function timerProblem(value: unknown): Problem {
  if (value === undefined || (typeof value === "number" && value > 0 && value <= LONGEST_TIMER_MS)) return undefined;
  return [`is ${shown(value)}`, `give more than 0 and at most ${LONGEST_TIMER_MS} milliseconds, which is 24 days`];
}

function numberProblem(value: unknown): Problem {
  if (value === undefined || (Number.isFinite(value) && (value as number) >= 0)) return undefined;
  return [`is ${shown(value)}`, "give a finite number, 0 or more"];
}

function ttlProblem(value: unknown): Problem {
  if (value === undefined || (Number.isFinite(value) && (value as number) > 0)) return undefined;
  return [
    `is ${shown(value)}`,
    "give a finite number of milliseconds, more than 0; leave it out to keep entries for ever",
  ];
}

function flagProblem(value: unknown): Problem {
  return value === undefined || typeof value === "boolean" ? undefined : [`is ${shown(value)}`, "give true or false"];
}

function listProblem(value: unknown): Problem {
  return value === undefined || Array.isArray(value) ? undefined : ["is no list", "pass a list of node names"];
}

function functionProblem(value: unknown, example: string): Problem {
  if (value === undefined) return undefined;
  if (typeof value !== "function") return ["is no function", `pass ${example}`];
  return isAsynchronous(value) ? ["is asynchronous, and is not waited for", `pass ${example}`] : undefined;
}

/** Written as such. One that gives a promise all the same is found when it does. */
function isAsynchronous(given: object): boolean {
  return Object.prototype.toString.call(given) === "[object AsyncFunction]";
}

function nameProblem(value: unknown): Problem {
  if (value === undefined || (typeof value === "string" && value !== "")) return undefined;
  return [`is ${shown(value)}`, "give a string that is not empty"];
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
