/** Results as Markdown. */
import { ratiosOf, spreadOf } from "../harness/statistics.js";
import type { Contest, Measure, Target, Workload } from "../harness/workload.js";
import { sizeOf, spread } from "./quantities.js";
import { type Results, valuesOf, type WorkloadResult } from "./results.js";
import { verdictsOf } from "./verdicts.js";

const MEASURES: readonly Measure[] = ["microseconds", "bytes", "slowdown"];

/** Each workload's floor and superstep, and the peers where they took part. */
export function report(workloads: readonly Workload[], results: Results): string {
  const sections = workloads.flatMap((workload) => {
    const result = results[workload.id];
    return result === undefined ? [] : [section(workload, result)];
  });
  return [...versionsOf(results), ...sections].join("\n\n");
}

/** What was measured, by version; a line for each set of packages that stood side by side. */
function versionsOf(results: Results): readonly string[] {
  const lines = Object.values(results).map(({ environment: { packages } }) =>
    Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  return [...new Set(lines)].map((line) => `Versions: ${line}.`);
}

type Row = readonly string[];
/** What is compared: one measure of a contest at one size. */
interface Spot {
  readonly contest: Contest;
  readonly size: number;
  readonly measure: Measure;
  /** One a round. */
  values(way: string): readonly number[];
}

function section(workload: Workload, result: WorkloadResult): string {
  const { date, node, cpu, cores } = result.environment;
  const spots = spotsOf(workload, result);
  const peers = spots.flatMap((spot) => peerRows(workload, result, spot));
  const floors = spots.map((spot) => floorRow(workload, result, spot));
  return [
    `#### ${workload.id}: ${workload.title}`,
    `For one ${workload.unit}; ${date}, Node ${node}, ${cores} × ${cpu}. The floor: ${workload.floor}.`,
    table(["", "", "floor", "superstep", "superstep : floor", "target"], floors),
    ...(peers.length === 0 ? [] : [table(["", "", "", "peer", "peer : superstep", "target"], peers)]),
  ].join("\n\n");
}

/** Those that superstep has a value for; what a workload does not measure it has none of, or nothing. */
function spotsOf({ contests }: Workload, result: WorkloadResult): readonly Spot[] {
  const all = contests.flatMap((contest) =>
    contest.sizes.flatMap((size) =>
      MEASURES.map((measure): Spot => {
        const values = (way: string) => valuesOf(result, { contest: contest.name, size, way }, measure);
        return { contest, size, measure, values };
      }),
    ),
  );
  return all.filter(({ values }) => values("superstep").some((value) => value > 0));
}

function floorRow(workload: Workload, result: WorkloadResult, spot: Spot): Row {
  const [floor, ours] = [spot.values("floor"), spot.values("superstep")];
  const targets = told(result, spot, (target) => target.kind !== "toPeer");
  return [...placeOf(workload, spot), shown(floor, spot), shown(ours, spot), ratio(ours, floor, spot), targets];
}

function peerRows(workload: Workload, result: WorkloadResult, spot: Spot): readonly Row[] {
  const ways = new Set(result.measured.map(({ way }) => way));
  const peers = [...ways].filter((way) => way !== "floor" && way !== "superstep" && spot.values(way).length > 0);
  return peers.map((peer) => {
    const values = spot.values(peer);
    const targets = told(result, spot, (target) => target.kind === "toPeer" && target.peer === peer);
    return [
      ...placeOf(workload, spot),
      peer,
      shown(values, spot),
      ratio(values, spot.values("superstep"), spot),
      targets,
    ];
  });
}

/** Time goes without saying. */
function placeOf(workload: Workload, { contest, size, measure }: Spot): readonly [contest: string, what: string] {
  const what = [sizeOf(size, workload.sizes), measure === "microseconds" ? "" : measure];
  return [contest.name, what.filter((words) => words !== "").join(", ")];
}

function shown(values: readonly number[], { measure }: Spot): string {
  const found = spreadOf(values);
  return found === undefined ? "" : spread(found, measure);
}

/** A slowdown is a ratio already. */
function ratio(values: readonly number[], bases: readonly number[], { measure }: Spot): string {
  const found = measure === "slowdown" ? undefined : ratiosOf(values, bases);
  return found === undefined ? "" : spread(found, "slowdown");
}

function told(result: WorkloadResult, { contest, size, measure }: Spot, isWanted: (target: Target) => boolean): string {
  const verdicts = verdictsOf(contest, result).filter(
    ({ target, size: at }) => isWanted(target) && at === size && measure === measureOf(target),
  );
  return verdicts
    .map(({ target, limit, value, isMet }) => {
      const other = target.kind === "acrossSizes" ? ` of ${sizeOf(target.from, "bytes")}: ${value}` : "";
      return `${limit}${other} ${isMet ? "✓" : "✗"}`;
    })
    .join("<br>");
}

function measureOf(target: Target): Measure {
  return "measure" in target ? target.measure : "microseconds";
}

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
