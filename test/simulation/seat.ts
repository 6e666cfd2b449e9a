/** A runner on its machine, and its nodes. */
import { AppRunner, type NodeContext } from "../../src/index.js";
import { appOf, type Doing, type SimulatedChannels } from "./graph.js";
import { linkOf } from "./link.js";
import { Machine } from "./machine.js";
import type { Random } from "./random.js";
import { TTL_MS, type World } from "./world.js";

type Runner = AppRunner<SimulatedChannels, ReturnType<typeof appOf>["nodes"][number]>;

/** Longer than a job may take. */
const TOO_LONG_MS = 1_500;

export class Seat implements Doing {
  readonly machine: Machine;
  readonly runner: Runner;
  readonly #world: World;
  readonly #chance: Random;
  /** The newest lease of each session that this machine knows to have had. */
  readonly #fences = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#chance = world.chance.split();
    this.machine = new Machine(`m${world.fresh()}`, world.time);
    const { clock } = this.machine;
    const checkpointer = linkOf(world, this.machine, (sessionId, fence) => this.#fences.set(sessionId, fence));
    const onFailure = this.#chance.pick(["drain", "abort"] as const);
    const random = this.#chance.split().next;
    const lease = { ttlMs: TTL_MS, clock };
    const { durability } = world;
    this.runner = new AppRunner(appOf(this), { checkpointer, clock, random, onFailure, durability, lease });
  }

  /** The lease under which this machine works on a session, as far as it knows. */
  fenceOf(sessionId: string): number {
    return this.#fences.get(sessionId) ?? 0;
  }

  begin({ sessionId, taskId, node }: NodeContext): string {
    const attempt = this.#world.fresh();
    this.#world.note(`${this.machine.name} ${taskId}`, `${node}, try ${attempt}`);
    this.#world.ledger.tasks.started(taskId, this.fenceOf(sessionId), attempt);
    if (this.#chance.chance(this.#world.faults.throwing)) throw new TypeError("not this time");
    return `${taskId}#${attempt}`;
  }

  async affect({ sessionId, taskId }: NodeContext): Promise<void> {
    this.#world.ledger.tasks.affected(taskId, this.fenceOf(sessionId));
    await this.machine.clock.sleep(this.#chance.between(0, 20));
  }

  affected({ taskId }: NodeContext): void {
    if (this.#world.durability === "step") this.#world.ledger.tasks.remembered(taskId);
  }

  async labour({ signal }: NodeContext): Promise<void> {
    const isSlow = this.#chance.chance(this.#world.faults.dawdling);
    await this.machine.clock.sleep(isSlow ? TOO_LONG_MS : this.#chance.between(0, 200), signal);
    if (this.#chance.chance(this.#world.faults.throwing)) throw new TypeError("not this time either");
  }

  answered({ taskId }: NodeContext, place: number, answer: unknown): void {
    this.#world.ledger.tasks.answered(taskId, place, answer);
  }
}
