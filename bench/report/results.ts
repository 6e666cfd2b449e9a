/** What was measured, as it is kept in a file. Tables and plots are made of nothing else. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Measured } from "../harness/contest.js";
import { median } from "../harness/statistics.js";
import type { Measure } from "../harness/workload.js";
import type { Environment } from "./environment.js";

export interface WorkloadResult {
  readonly environment: Environment;
  readonly measured: readonly Measured[];
}

/** By the id of the workload. */
export type Results = Readonly<Record<string, WorkloadResult>>;

export interface Place {
  readonly contest: string;
  readonly size: number;
  readonly way: string;
}

/** One value a round; none if it took no part. */
export function valuesOf(result: WorkloadResult, { contest, size, way }: Place, measure: Measure): readonly number[] {
  const found = result.measured.find((one) => one.contest === contest && one.size === size && one.way === way);
  return (found?.outcomes ?? []).flatMap((outcome) => outcome[measure] ?? []);
}

export function medianOf(result: WorkloadResult, place: Place, measure: Measure): number | undefined {
  const values = valuesOf(result, place, measure);
  return values.length === 0 ? undefined : median(values);
}

function readResults(path: string): Results {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results) : {};
}

/** Workloads that were not measured now keep what they have, with the date they have it from. */
export function writeResults(path: string, results: Results): Results {
  const all = { ...readResults(path), ...results };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(all, rounded, 1)}\n`);
  return all;
}

/** Four digits say all that was measured. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
