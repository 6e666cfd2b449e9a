/** Reads what a node returned: an update, a Command, several Commands, or nothing. Seals it, so that it can be kept (T3, S6). */
import { NodeResultError } from "../errors.js";
import { type Command, isCommand } from "../graph/command.js";
import { isSend } from "../graph/target.js";
import { seal } from "../state/seal.js";
import { NOTHING, type ParentWord, type Route, type RouteTarget, type TaskOutcome, type Update } from "./outcome.js";

/** Throws NodeResultError for anything else, and SerializationError for what cannot be stored. */
export function readOutcome(node: string, returned: unknown): TaskOutcome {
  if (returned === undefined) return NOTHING;
  if (isCommand(returned)) return readCommands(node, [returned]);
  if (Array.isArray(returned)) return readCommands(node, returned);
  return { updates: [readUpdate(node, returned)], routes: NOTHING.routes };
}

/** Reads what a conditional edge answered, or a Command's goto; undefined when some part of it is no target. */
export function readTargets(answered: unknown): readonly RouteTarget[] | undefined {
  const list: readonly unknown[] = Array.isArray(answered) ? answered : [answered];
  const targets: RouteTarget[] = [];
  for (const one of list) {
    if (typeof one === "string") targets.push(one);
    else if (isSend(one)) targets.push({ node: one.node, input: one.input });
    else return undefined;
  }
  for (const target of targets) if (typeof target === "object") seal(target.input, ["input"]);
  return targets;
}

function readCommands(node: string, commands: readonly unknown[]): TaskOutcome {
  const read = commands.map((command) => {
    if (!isCommand(command)) throw new NodeResultError(node, `a list with ${describe(command)} in it`);
    return command;
  });
  const own = wordsOf(node, read.filter(isOwn));
  const toParent = read.filter((command) => !isOwn(command));
  return toParent.length === 0 ? own : { ...own, toParent: wordsOf(node, toParent) };
}

function isOwn({ isForParent }: Command): boolean {
  return isForParent !== true;
}

function wordsOf(node: string, commands: readonly Command[]): ParentWord {
  const updates: Update[] = [];
  const routes: Route[] = [];
  for (const command of commands) {
    if (command.update !== undefined) updates.push(readUpdate(node, command.update));
    if (command.routes) routes.push(readRoute(node, command));
  }
  return { updates, routes };
}

function readRoute(node: string, command: Command): Route {
  const targets = readTargets(command.goto);
  if (targets === undefined)
    throw new NodeResultError(node, "a Command whose goto is neither a node name, END nor a Send");
  if (command.mode !== "replace" && command.mode !== "append") {
    throw new NodeResultError(node, `a Command with mode "${String(command.mode)}"`);
  }
  return { mode: command.mode, targets };
}

function readUpdate(node: string, update: unknown): Update {
  if (typeof update !== "object" || update === null || isSend(update) || Array.isArray(update)) {
    throw new NodeResultError(node, describe(update));
  }
  const prototype = Object.getPrototypeOf(update) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new NodeResultError(node, "an instance of a class");
  seal(update);
  return update as Update;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (isSend(value)) return "a bare Send";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
