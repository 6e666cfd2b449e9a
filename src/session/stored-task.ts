/** Tasks as a record holds them: what follows from a task's place is left out. */
import type { TaskRef } from "../errors.js";
import type { RouteTarget } from "../superstep/outcome.js";
import { targetOf, taskId, tasksOf } from "./checkpoint.js";

/** A task, by where it leads; with its id when that does not follow from its place. */
export type StoredTask = RouteTarget | readonly [id: string, target: RouteTarget];

export function toStoredTasks(tasks: readonly TaskRef[], incarnation: string, seq: number): readonly StoredTask[] {
  return tasks.map((task, place) =>
    task.id === taskId(incarnation, seq, place) ? targetOf(task) : [task.id, targetOf(task)],
  );
}

export function fromStoredTasks(stored: readonly StoredTask[], incarnation: string, seq: number): readonly TaskRef[] {
  const placed = tasksOf(stored.map(targetIn), incarnation, seq);
  if (!stored.some(hasId)) return placed;
  return Object.freeze(
    placed.map((task, place) => {
      const one = stored[place] as StoredTask;
      return hasId(one) ? Object.freeze({ ...task, id: one[0] }) : task;
    }),
  );
}

function hasId(stored: StoredTask): stored is readonly [id: string, target: RouteTarget] {
  return Array.isArray(stored);
}

function targetIn(stored: StoredTask): RouteTarget {
  return hasId(stored) ? stored[1] : stored;
}
