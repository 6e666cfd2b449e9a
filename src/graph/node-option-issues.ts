/** What can be wrong with the options of a node. Every message names the node and the option. Pure. */
import { type GraphIssue, shown } from "../errors.js";

/** What a timer can wait for: the rest would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Problem = readonly [problem: string, help: string] | undefined;
type Fields = Readonly<Record<string, unknown>>;

/** All that is wrong with them; the node's name only stands in the messages. */
export function nodeOptionIssues(node: string, options: unknown): readonly GraphIssue[] {
  const issues: GraphIssue[] = [];
  const check = (option: string, problem: Problem): void => {
    if (problem === undefined) return;
    issues.push({
      kind: "invalidOption",
      message: `option "${option}" of node "${node}" ${problem[0]}`,
      help: problem[1],
    });
  };
  const given = options as Fields;
  check("timeoutMs", timerProblem(given.timeoutMs));
  check("idleTimeoutMs", timerProblem(given.idleTimeoutMs));
  check("defer", flagProblem(given.defer));
  check("ends", listProblem(given.ends));
  check("onError", functionProblem(given.onError, "(error, state) => update"));
  check("limit", nameProblem(given.limit));
  checkRetry(given.retry, check);
  checkCache(given.cache, check);
  return issues;
}

function checkRetry(retry: unknown, check: (option: string, problem: Problem) => void): void {
  if (retry === undefined) return;
  if (!isRecord(retry)) return check("retry", ["is no policy", "pass { maxAttempts: 3 }"]);
  check("retry.maxAttempts", attemptsProblem(retry.maxAttempts));
  check("retry.initialDelayMs", numberProblem(retry.initialDelayMs));
  check("retry.backoff", numberProblem(retry.backoff));
  check("retry.maxDelayMs", numberProblem(retry.maxDelayMs));
  check("retry.budgetMs", numberProblem(retry.budgetMs));
  check("retry.jitter", flagProblem(retry.jitter));
  check("retry.retryOn", functionProblem(retry.retryOn, "(error) => boolean"));
}

function checkCache(cache: unknown, check: (option: string, problem: Problem) => void): void {
  if (cache === undefined) return;
  if (!isRecord(cache))
    return check("cache", ["is no policy", "pass { key: (state, input) => what the node depends on }"]);
  check("cache.key", typeof cache.key === "function" ? undefined : ["is no function", "pass (state, input) => key"]);
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
  return value === undefined || typeof value === "function" ? undefined : ["is no function", `pass ${example}`];
}

function nameProblem(value: unknown): Problem {
  if (value === undefined || (typeof value === "string" && value !== "")) return undefined;
  return [`is ${shown(value)}`, "give a string that is not empty"];
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
