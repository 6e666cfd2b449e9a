/** A machine's way to the store and back. Calls are late, lost on the way there or back, done twice, or never answered. */
import {
  CheckpointConflictError,
  type Checkpointer,
  type CommitOptions,
  type LeaseAnswer,
  type LeaseClaim,
} from "../../src/index.js";
import { intercept, type StoreCall } from "../../src/testing.js";
import type { Fate } from "./faults.js";
import type { Machine } from "./machine.js";
import { named, TTL_MS, type World } from "./world.js";

/** What a link throws for a call whose answer it does not have. */
class LinkError extends TypeError {}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** How long a silent store is waited for, at most, before somebody kills the machine. */
const PATIENCE_MS = 5 * TTL_MS;

/** The store, as it is seen from the machine. `onLease` hears of leases when the machine does. */
export function linkOf(
  world: World,
  machine: Machine,
  onLease: (sessionId: string, fence: number) => void,
): Checkpointer {
  const { time, chance } = world;
  const delay = (): number => {
    if (!chance.chance(world.faults.slow)) return chance.between(1, 15);
    return chance.between(TTL_MS / 4, 3 * TTL_MS);
  };
  const answer = (call: StoreCall, fate: Fate, outcome: Outcome): Promise<unknown> =>
    new Promise((resolve, reject) => {
      time.after(delay(), () =>
        machine.reach(() => {
          world.note(`${machine.name} hears of ${call.method}`, "value" in outcome ? fate : named(outcome.error));
          if ("error" in outcome) return reject(outcome.error);
          if (call.method === "acquire") tellLease(call.args[0] as LeaseClaim, outcome.value as LeaseAnswer);
          resolve(outcome.value);
        }),
      );
    });
  const tellLease = ({ sessionId }: LeaseClaim, given: LeaseAnswer): void => {
    if (given.kind === "granted") onLease(sessionId, given.lease.fence);
  };
  return intercept(world.ledger.store, (call) => {
    const fate = world.fate();
    if (fate === "overdue") {
      time.after(chance.between(1, 2 * TTL_MS), () => done(world, machine, call, fate));
      return answer(call, fate, lost(call, fate));
    }
    if (fate === "silent") time.after(chance.between(0, PATIENCE_MS), () => world.kill(machine));
    return new Promise((resolve) => {
      time.after(delay(), () => {
        const outcome = fate === "refused" ? lost(call, fate) : done(world, machine, call, fate);
        if (fate !== "silent") resolve(answer(call, fate, fate === "forgotten" ? lost(call, fate) : outcome));
      });
    });
  });
}

function lost({ method }: StoreCall, fate: Fate): Outcome {
  return { error: new LinkError(`${method} was ${fate}`) };
}

/** The call arrives, whatever has become of the machine that made it. */
function done(world: World, machine: Machine, call: StoreCall, fate: Fate): Outcome {
  const first = attempt(call);
  world.note(`${machine.name} ${call.method} ${subjectOf(call)}`, "error" in first ? named(first.error) : "done");
  if (fate !== "repeated") return first;
  const second = attempt(call);
  // One that was not done the first time either had another reason: what a fork starts from has gone meanwhile.
  const isRefused = "error" in second && ("error" in first || second.error instanceof CheckpointConflictError);
  const isFresh = (call.args[1] as CommitOptions | undefined)?.replace === true;
  if (call.method === "commit" && !isFresh && !isRefused) world.ledger.accuse("a commit was done twice");
  return second;
}

function attempt({ proceed }: StoreCall): Outcome {
  try {
    return { value: proceed() };
  } catch (error) {
    return { error };
  }
}

function subjectOf({ args: [first] }: StoreCall): string {
  if (typeof first === "string") return first;
  const { sessionId, seq, fence } = (Array.isArray(first) ? first[0] : first) as Record<string, unknown>;
  return [sessionId, seq, fence].filter((part) => part !== undefined).join(" ");
}
