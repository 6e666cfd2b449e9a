/** What all of a simulation share: time, chance, what is true, what goes wrong, and the trace of what has happened. */
import { MemoryCheckpointer } from "../../src/index.js";
import { type Fate, type Faults, fateOf, NO_FAULTS } from "./faults.js";
import { Ledger } from "./ledger.js";
import type { Machine } from "./machine.js";
import { Random } from "./random.js";
import { VirtualTime } from "./virtual-time.js";

/** Milliseconds that a lease holds. */
export const TTL_MS = 1_000;

export class World {
  readonly time = new VirtualTime();
  readonly chance: Random;
  /** Of all runners. */
  readonly durability: "step" | "exit";
  readonly ledger: Ledger;
  /** One line an event. */
  readonly trace: string[] = [];
  faults: Faults;
  /** Called when a machine has died. */
  onDeath: () => void = () => undefined;
  #count = 0;

  constructor(seed: number, mixture: (random: Random) => Faults) {
    this.chance = new Random(seed);
    this.faults = mixture(this.chance.split());
    this.durability = this.chance.chance(0.15) ? "exit" : "step";
    this.ledger = new Ledger(new MemoryCheckpointer(), this.durability);
  }

  note(what: string, came: string): void {
    this.trace.push(`${this.time.now} ${what} → ${came}`);
  }

  /** What becomes of the next call of the store. */
  fate(): Fate {
    return fateOf(this.faults, this.chance);
  }

  /** A number that nothing else has. */
  fresh(): number {
    return ++this.#count;
  }

  kill(machine: Machine): void {
    if (machine.isDead) return;
    machine.die();
    this.note(machine.name, "dies");
    this.onDeath();
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.faults = NO_FAULTS;
    this.note("everything", "heals");
  }
}

/** An error, without what differs from run to run. */
export function named(error: unknown): string {
  const { code, name } = error as { readonly code?: string; readonly name?: string };
  return code ?? name ?? String(error);
}
