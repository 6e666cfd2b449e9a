/** Numbers as people read them. */
import type { Spread } from "../harness/statistics.js";
import type { Measure, Workload } from "../harness/workload.js";

type Unit = readonly [from: number, name: string];

/** The largest first. */
const UNITS: Readonly<Record<Measure, readonly Unit[]>> = {
  microseconds: [
    [1_000_000, " s"],
    [1_000, " ms"],
    [1, " µs"],
  ],
  bytes: [
    [1_000_000_000, " GB"],
    [1_000_000, " MB"],
    [1_000, " KB"],
    [1, " B"],
  ],
  slowdown: [[1, "×"]],
};

export function quantity(value: number, measure: Measure): string {
  const [from, unit] = unitOf(value, measure);
  return `${digits(value / from)}${unit}`;
}

/** The median, and what it lay between, in the same unit. */
export function spread({ median, least, most }: Spread, measure: Measure): string {
  const [from, unit] = unitOf(median, measure);
  if (least === most) return `${digits(median / from)}${unit}`;
  return `${digits(median / from)}${unit} (${digits(least / from)}–${digits(most / from)})`;
}

/** A number that somebody chose: nothing is rounded. */
export function exactly(value: number, measure: Measure): string {
  const [from, unit] = unitOf(value, measure);
  return `${(value / from).toLocaleString("en")}${unit}`;
}

export function times(ratio: number): string {
  return `${digits(ratio)}×`;
}

export function sizeOf(size: number, sizes: Workload["sizes"]): string {
  if (sizes === "nothing" || size === 0) return "";
  return sizes === "bytes" ? exactly(size, "bytes") : `${size.toLocaleString("en")} ${sizes}`;
}

function unitOf(value: number, measure: Measure): Unit {
  const units = UNITS[measure];
  return units.find(([least]) => value >= least) ?? units.at(-1) ?? [1, ""];
}

function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
