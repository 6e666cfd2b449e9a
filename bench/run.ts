/** `npm run bench` and `npm run bench:peers`: measures, prints the tables, and keeps them where it is told to. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hold, type Measured } from "./harness/contest.js";
import { findPeers } from "./harness/peers.js";
import type { Workload } from "./harness/workload.js";
import { environment } from "./report/environment.js";
import { drawPlots } from "./report/plots.js";
import { fillBlock } from "./report/readme.js";
import { type Results, writeResults } from "./report/results.js";
import { report } from "./report/tables.js";
import { workload as coldStart } from "./workloads/cold-start.js";
import { workload as fanOut } from "./workloads/fan-out.js";
import { workload as history } from "./workloads/history.js";
import { workload as installSize } from "./workloads/install-size.js";
import { workload as largeState } from "./workloads/large-state.js";
import { workload as loop } from "./workloads/loop.js";
import { workload as roundTrip } from "./workloads/round-trip.js";
import { workload as sessions } from "./workloads/sessions.js";
import { workload as telemetry } from "./workloads/telemetry.js";
import { workload as workers } from "./workloads/workers.js";

const WORKLOADS = [loop, fanOut, history, sessions, largeState, coldStart, roundTrip, telemetry, workers, installSize];
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BENCH = join(ROOT, "bench");
const PEERS = join(BENCH, "peers");
const HELP = `npm run bench [-- workload…] [--rounds n] [--json path] [--write]
workloads: ${WORKLOADS.map(({ id }) => id).join(", ")}; all unless some are named
--rounds  at most so many of each cell
--json    writes what was measured to a file, too
--write   keeps what was measured in bench/results, and fills in bench/README.md`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "boolean", default: false },
    rounds: { type: "string" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const results = await measure(selected());
  console.log(report(WORKLOADS, results));
  if (options.json !== undefined) writeResults(options.json, results);
  if (options.write) keep(results);
}

function selected(): readonly Workload[] {
  const unknown = positionals.filter((id) => !WORKLOADS.some((workload) => workload.id === id));
  if (unknown.length > 0) throw new RangeError(`there is no workload ${unknown.join(", ")}\n${HELP}`);
  return positionals.length === 0 ? WORKLOADS : WORKLOADS.filter(({ id }) => positionals.includes(id));
}

async function measure(workloads: readonly Workload[]): Promise<Results> {
  const peers = options.peers ? await findPeers(PEERS) : [];
  const rounds = options.rounds === undefined ? undefined : Number(options.rounds);
  const results: Record<string, Results[string]> = {};
  for (const workload of workloads) {
    const measured: Measured[] = [];
    for (const contest of workload.contests) {
      const startedAt = performance.now();
      measured.push(...(await hold(workload, contest, { peers, ...(rounds !== undefined && { rounds }) })));
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
      console.error(`${workload.id} ${contest.name}: measured in ${seconds} s`);
    }
    results[workload.id] = { environment: environment(ROOT, options.peers ? PEERS : undefined), measured };
  }
  return results;
}

function keep(results: Results): void {
  const name = options.peers ? "peers" : "floor";
  const all = writeResults(join(BENCH, "results", `${name}.json`), results);
  fillBlock(join(BENCH, "README.md"), name, report(WORKLOADS, all));
  // only with the peers are all their lines there
  if (options.peers) drawPlots(all, join(BENCH, "results"));
  execFileSync("npx", ["biome", "format", "--write", "bench/README.md", "bench/results"], { cwd: ROOT });
}
