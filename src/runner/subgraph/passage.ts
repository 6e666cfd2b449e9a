/** What goes into a graph that is a node, and what comes out of it: mapped by the node's options, or by channels that both have. */
import { CheckpointNotFoundError } from "../../errors.js";
import { Command, isCommand } from "../../graph/command.js";
import type { SubgraphPlan } from "../../graph/plan.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { AnyChannel, Channels, StateOf } from "../../state/channel.js";
import { commandsOf } from "../../superstep/words.js";
import type { Engine, Run } from "../run.js";
import { initialState } from "../sessions/invocation.js";

/** What it begins with: shared values as they are, by reference; they are not folded again. */
export function stateAtEntry(
  engine: Engine<Channels>,
  { shared, input }: SubgraphPlan,
  around: StateOf<Channels>,
): StateOf<Channels> {
  const initial = initialState(engine);
  if (input !== undefined) return initial;
  const values = [...shared.keys()].map((name) => [name, around[name] as unknown] as const);
  return Object.freeze({ ...initial, ...Object.fromEntries(values) });
}

/** What a completed one is to the graph around it. `first`: its first checkpoint, if it is at hand. */
export async function resultOf(
  run: Run<Channels>,
  sub: SubgraphPlan,
  first: Checkpoint<Channels> | undefined,
): Promise<unknown> {
  const { checkpoint, note } = run.standing;
  const result: unknown =
    sub.output === undefined
      ? netUpdate(sub.shared, first ?? (await beginningOf(run)), checkpoint)
      : sub.output(checkpoint.state);
  return note.toParent === undefined ? result : [...commandsIn(result), ...commandsOf(note.toParent)];
}

/** For each channel that both have and that changed: the write that tells it. */
function netUpdate(
  shared: ReadonlyMap<string, AnyChannel>,
  first: Checkpoint<Channels>,
  last: Checkpoint<Channels>,
): Record<string, unknown> {
  const update: Record<string, unknown> = {};
  for (const [name, channel] of shared) {
    if (first.versions[name] === last.versions[name]) continue;
    const write: unknown = channel.netWrite?.(first.state[name], last.state[name]);
    if (write !== undefined) update[name] = write;
  }
  return update;
}

async function beginningOf({ engine, sessionId, standing }: Run<Channels>): Promise<Checkpoint<Channels>> {
  const first = await engine.store.at(sessionId, { incarnation: standing.checkpoint.incarnation, seq: 1 });
  if (first === undefined) throw new CheckpointNotFoundError(sessionId, "that it began with");
  return first;
}

function commandsIn(result: unknown): readonly unknown[] {
  if (result === undefined) return [];
  if (Array.isArray(result)) return result;
  return [isCommand(result) ? result : new Command({ update: result })];
}
