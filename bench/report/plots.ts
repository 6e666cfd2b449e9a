/** The plots of the README: what a superstep costs as the state grows, and as the history does. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LineChart, lineChart, type Series } from "./line-chart.js";
import { quantity } from "./quantities.js";
import { medianOf, type Results, type WorkloadResult } from "./results.js";

const CONTEST = "SQLite normal";
/** In the order of their colours. */
const LINES = [
  { way: "floor", name: "by hand" },
  { way: "superstep", name: "superstep" },
  { way: "langgraph", name: "LangGraph.js" },
  { way: "langgraph delta", name: "LangGraph.js, delta channel" },
];
const COST = {
  label: "for one superstep",
  show: (value: number) => quantity(value, "microseconds").replace(/\.0+ /, " "),
};

export function drawPlots(results: Results, folder: string): void {
  const { W3: history, W5: state } = results;
  if (state !== undefined) writeFileSync(join(folder, "state-size.svg"), lineChart(stateSize(state)));
  if (history !== undefined) writeFileSync(join(folder, "history-length.svg"), lineChart(historyLength(history)));
}

function stateSize(result: WorkloadResult): LineChart {
  return {
    title: "A small change beside a large state, on SQLite",
    x: { label: "size of the state", show: (value) => quantity(value, "bytes").replace(/\.0+ /, " ") },
    y: COST,
    series: seriesOf(result),
    caption: captionOf(result),
  };
}

function historyLength(result: WorkloadResult): LineChart {
  return {
    title: "A message of 200 bytes appended per superstep, on SQLite",
    x: { label: "supersteps of the session", show: (value) => value.toLocaleString("en") },
    y: COST,
    series: seriesOf(result),
    caption: captionOf(result),
  };
}

function seriesOf(result: WorkloadResult): readonly Series[] {
  return LINES.map(({ way, name }) => ({ name, points: pointsOf(result, way) })).filter(
    ({ points }) => points.length > 0,
  );
}

function pointsOf(result: WorkloadResult, way: string): Series["points"] {
  const own = result.measured.filter((one) => one.contest === CONTEST && one.way === way);
  return own.flatMap(({ contest, size }) => {
    const value = medianOf(result, { contest, size, way }, "microseconds");
    return value === undefined ? [] : [[size, value] as const];
  });
}

function captionOf({ environment: { date, node, cpu, packages } }: WorkloadResult): readonly string[] {
  const shown = ["superstep", "@langchain/langgraph", "better-sqlite3"].filter((name) => packages[name] !== undefined);
  const versions = shown.map((name) => `${name} ${packages[name]}`).join(", ");
  return [`Medians; WAL, synchronous = normal; both axes logarithmic. ${date}, Node ${node}, ${cpu}.`, `${versions}.`];
}
