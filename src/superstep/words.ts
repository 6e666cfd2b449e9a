/** An outcome as the words of a node again: what reads as the same outcome. */
import { Command } from "../graph/command.js";
import { Send } from "../graph/target.js";
import type { ParentWord, RouteTarget, TaskOutcome } from "./outcome.js";

export function wordsOf({ updates, routes, toParent }: TaskOutcome): readonly Command[] {
  const own = commandsOf({ updates, routes });
  return toParent === undefined ? own : [...own, ...parentCommandsOf(toParent)];
}

/** Commands of the graph itself. */
export function commandsOf({ updates, routes }: ParentWord): readonly Command[] {
  return initsOf({ updates, routes }).map((init) => new Command(init));
}

function parentCommandsOf(word: ParentWord): readonly Command[] {
  return initsOf(word).map((init) => Command.parent(init));
}

function initsOf({ updates, routes }: ParentWord): readonly ConstructorParameters<typeof Command>[0][] {
  return [
    ...updates.map((update) => ({ update })),
    ...routes.map(({ mode, targets }) => ({ mode, goto: targets.map(toTarget) })),
  ];
}

function toTarget(target: RouteTarget): string | Send {
  return typeof target === "string" ? target : new Send(target.node, target.input);
}
