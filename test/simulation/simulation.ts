/**
 * Many runners, many callers, one store and one seed. First everything goes wrong that may go wrong; then it heals, and every session has
 * to come to its end within a bounded time, with nobody left waiting but those whose machine has died.
 */
import { Client } from "./client.js";
import { mixtureOf } from "./faults.js";
import { shutIn } from "./guard.js";
import { Seat } from "./seat.js";
import { TTL_MS, World } from "./world.js";

/** What came of a seed. */
export interface Outcome {
  /** Laws that were broken; empty when all is well. */
  readonly broken: readonly string[];
  /** One line an event. */
  readonly trace: readonly string[];
  readonly supersteps: number;
}

/** How long things go wrong, and how long it may take until they are well again, in virtual milliseconds. */
const TROUBLED_MS = 6_000;
const HEALING_MS = 60_000;
/** Calls that it may take to bring a session to its end when nothing goes wrong. */
const MOST_CALLS = 60;

export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed, mixtureOf);
  const { broken } = world.ledger;
  const simulation = new Simulation(world);
  await shutIn(
    (law) => broken.push(law),
    async () => {
      await simulation.trouble();
      if (broken.length === 0) await simulation.healing();
    },
  );
  const supersteps = world.ledger.sessions.reduce((sum, id) => sum + (world.ledger.headOf(id)?.step ?? 0), 0);
  return { broken, trace: world.trace, supersteps };
}

class Simulation {
  readonly #world: World;
  readonly #seats: Seat[] = [];
  readonly #clients: Client[];
  /** Clients that have not said their last word. */
  #living = 0;

  constructor(world: World) {
    this.#world = world;
    const { chance } = world;
    for (let seat = chance.between(3, 5); seat > 0; seat--) this.#seats.push(new Seat(world));
    this.#clients = Array.from({ length: chance.between(2, 4) }, () => new Client(world));
    world.onDeath = () => world.time.after(chance.between(1, 2 * TTL_MS), () => this.#replace());
  }

  /** Callers call, machines stop and die. */
  async trouble(): Promise<void> {
    const { time, faults } = this.#world;
    this.#again(faults.deathEveryMs, () => this.#world.kill(this.#world.chance.pick(this.#seats).machine));
    this.#again(faults.stopEveryMs, () => this.#stopOne());
    for (const client of this.#clients) {
      this.#living++;
      void client.live(this.#seats, TROUBLED_MS).then(() => this.#living--);
    }
    await time.pass(() => this.#isBroken, TROUBLED_MS);
  }

  /** All calls come to their end, all sessions to theirs, and all is as the ledger says. */
  async healing(): Promise<void> {
    const { time, ledger } = this.#world;
    this.#world.heal();
    this.#replace();
    for (const { machine } of this.#seats) machine.goOn();
    if (!(await time.pass(() => this.#isBroken || this.#living === 0, time.now + HEALING_MS))) this.#accuse();
    const ends = ledger.sessions.map((sessionId) => this.#bringToEnd(sessionId));
    let left = ends.length;
    for (const end of ends) void end.then(() => left--);
    if (!(await time.pass(() => this.#isBroken || left === 0, time.now + HEALING_MS)))
      ledger.accuse("a session does not come to its end");
    for (const { runner } of this.#seats) void runner.close();
    await time.pass(() => this.#isBroken, time.now + HEALING_MS);
    if (!this.#isBroken && !time.isOver) ledger.accuse("something goes on for ever");
    for (const sessionId of ledger.sessions) await ledger.audit(sessionId);
  }

  get #isBroken(): boolean {
    return this.#world.ledger.broken.length > 0;
  }

  async #bringToEnd(sessionId: string): Promise<void> {
    const { ledger, chance, time } = this.#world;
    const client = new Client(this.#world);
    for (let calls = 0; calls < MOST_CALLS; calls++) {
      if (ledger.statusOf(sessionId)?.kind === "completed") return;
      await client.goOn(chance.pick(this.#seats), sessionId);
      await time.sleep(TTL_MS / 4);
    }
    ledger.accuse(`${sessionId} is ${ledger.statusOf(sessionId)?.kind} after ${MOST_CALLS} calls`);
  }

  /** Something that happens again and again, while there is trouble. */
  #again(everyMs: number, act: () => void): void {
    if (everyMs === 0) return;
    const { time, chance } = this.#world;
    time.after(chance.between(1, 2 * everyMs), () => {
      if (time.now >= TROUBLED_MS) return;
      act();
      this.#again(everyMs, act);
    });
  }

  #stopOne(): void {
    const { time, chance } = this.#world;
    const { machine } = chance.pick(this.#seats);
    if (machine.isDead || machine.isStopped) return;
    machine.stop();
    this.#world.note(machine.name, "stops");
    time.after(chance.between(TTL_MS / 5, 4 * TTL_MS), () => {
      if (machine.isStopped) this.#world.note(machine.name, "goes on");
      machine.goOn();
    });
  }

  /** Where a machine has died, another one takes its place. */
  #replace(): void {
    for (const [place, { machine }] of this.#seats.entries())
      if (machine.isDead) this.#seats[place] = new Seat(this.#world);
  }

  #accuse(): void {
    for (const { waiting, name } of this.#clients)
      for (const { seat, what } of waiting.values())
        if (!seat.machine.isDead) this.#world.ledger.accuse(`${name} is never answered: ${what}`);
  }
}
