/** Holds a contest: its cells take turns, round by round, so that a machine that slows down slows all of them. */

import { availableParallelism } from "node:os";
import type { Outcome } from "./cell.js";
import { CellHost } from "./cell-host.js";
import type { Peer } from "./peers.js";
import type { Contest, Workload } from "./workload.js";

/** What one cell came to. */
export interface Measured {
  readonly contest: string;
  readonly size: number;
  /** `floor`, `superstep`, or a peer's name. */
  readonly way: string;
  /** One a round. */
  readonly outcomes: readonly Outcome[];
  /** Why there are none, or fewer. */
  readonly failure?: string;
}
interface Entrant {
  readonly way: string;
  readonly module: string;
  readonly key: string;
  readonly size: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUp: { readonly size: number; readonly forMs: number };
  readonly isPeer: boolean;
}
interface Standing {
  readonly entrant: Entrant;
  readonly host: CellHost;
  readonly outcomes: Outcome[];
  failure?: string;
}

const PEER_ROUNDS = 3;
const ROUND_MS = 200;
/** A process that has waited for its turn begins slowly: caches are cold, and engines clean up while idle. Runs of peers are long enough not to show it. */
const SETTLE_MS = 100;

/** A peer that fails is left out from then on; where our own cells fail the bench does. */
export async function hold(
  workload: Workload,
  contest: Contest,
  { peers, rounds }: { readonly peers: readonly Peer[]; readonly rounds?: number },
): Promise<readonly Measured[]> {
  const entrants = [...ownEntrants(workload, contest), ...peerEntrants(contest, peers)];
  const limit = rounds ?? Number.POSITIVE_INFINITY;
  const standings = entrants.map((entrant): Standing => ({ entrant, host: new CellHost(), outcomes: [] }));
  try {
    await warmUpAll(standings);
    const most = Math.min(limit, Math.max(...entrants.map((entrant) => entrant.rounds)));
    for (let round = 0; round < most; round++) await holdRound(standings, round);
  } finally {
    await Promise.all(standings.map(({ host }) => host.stop()));
  }
  return standings.map(({ entrant: { way, size }, outcomes, failure }) => {
    return { contest: contest.name, size, way, outcomes, ...(failure !== undefined && { failure }) };
  });
}

function ownEntrants({ module }: Workload, contest: Contest): readonly Entrant[] {
  const { name, sizes, rounds, warmUpMs, roundMs = ROUND_MS } = contest;
  return sizes.flatMap((size) =>
    ["floor", "superstep"].map((way) => {
      const warmUp = { size, forMs: warmUpMs };
      return { way, module, key: `${way}, ${name}`, size, rounds, roundMs, warmUp, isPeer: false };
    }),
  );
}

function peerEntrants(contest: Contest, peers: readonly Peer[]): readonly Entrant[] {
  const { roundMs = ROUND_MS } = contest;
  return (contest.peers ?? []).flatMap(({ key, suffix, sizes, warmUpSize, rounds = PEER_ROUNDS }) =>
    peers
      .filter(({ keys }) => keys.has(key))
      .flatMap(({ name, module }) =>
        (sizes ?? contest.sizes).map((size) => {
          const way = suffix === undefined ? name : `${name} ${suffix}`;
          const warmUp = { size: warmUpSize ?? size, forMs: 0 };
          return { way, module, key, size, rounds, roundMs, warmUp, isPeer: true };
        }),
      ),
  );
}

/** Nothing is timed yet, so every core may help. */
async function warmUpAll(standings: readonly Standing[]): Promise<void> {
  const waiting = [...standings];
  const warmUpNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const standing = next;
      await attempt(standing, () => warmUp(standing));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, warmUpNext));
}

async function warmUp({ entrant: { module, key, size, warmUp }, host }: Standing): Promise<void> {
  await host.make(module, key, warmUp.size);
  await host.run(warmUp.forMs);
  if (warmUp.size !== size) await host.make(module, key, size);
}

/** Every other round goes backwards: what a cell leaves behind, such as pages to be written, does not always hit the same next one. */
async function holdRound(standings: readonly Standing[], round: number): Promise<void> {
  const order = round % 2 === 0 ? standings : [...standings].reverse();
  for (const standing of order) {
    const { entrant, host, outcomes, failure } = standing;
    if (failure !== undefined || round >= entrant.rounds) continue;
    await attempt(standing, async () => {
      outcomes.push(await host.run(entrant.roundMs, entrant.isPeer ? undefined : SETTLE_MS));
    });
  }
}

async function attempt(standing: Standing, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!standing.entrant.isPeer) throw error;
    standing.failure = String((error as Error).message ?? error);
    console.error(`${standing.entrant.way}: ${standing.failure}`);
  }
}
