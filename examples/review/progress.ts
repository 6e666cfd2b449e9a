/** Shows how far a run is, from its events. */
import type { RunEvent, StepReport, TaskRef } from "superstep";
import { count } from "./report.js";
import type { Terminal } from "./terminal.js";

/** How far a review is. */
export interface Standing {
  readonly files: number;
  readonly reviewed: number;
  readonly findings: number;
}
const WIDTH = 24;

export class Progress {
  readonly #terminal: Terminal;
  #standing: Standing;
  /** Reviews that finished since the last superstep was committed. */
  #finished = 0;

  constructor(terminal: Terminal, standing: Standing) {
    this.#terminal = terminal;
    this.#standing = standing;
  }

  show(event: RunEvent): void {
    if (event.type === "node.progress") this.#standing = { ...this.#standing, files: event.total ?? 0 };
    if (event.type === "node.completed") this.#completeNode(event.step, event.task);
    if (event.type === "step.completed") this.#completeStep(event.report);
  }

  #completeNode(step: number, { node, input }: TaskRef): void {
    if (node === "review") this.#finished++;
    this.#terminal.update(this.#line(step, String(input ?? node)));
  }

  /** The report counts what the superstep changed, also by results that were kept from an earlier try. */
  #completeStep(report: StepReport): void {
    const { reviewed, findings } = this.#standing;
    const added = report.barrier.changes.filter(({ channel }) => channel === "findings").flatMap(({ patch }) => patch);
    this.#standing = {
      ...this.#standing,
      reviewed: reviewed + report.ran.filter(({ node }) => node === "review").length,
      findings: findings + added.length,
    };
    this.#finished = 0;
    this.#terminal.update(this.#line(report.step, ""), soberLine(report, this.#standing));
  }

  /** Never wider than the terminal: first the file's name gives way, then the bar. */
  #line(step: number, latest: string): string {
    const { files, reviewed, findings } = this.#standing;
    const done = reviewed + this.#finished;
    const numbers = `superstep ${step} · ${of(done, files)} · ${count(findings, "finding")}`;
    const free = Math.max(0, this.#terminal.columns - numbers.length - 7);
    const width = Math.min(WIDTH, free);
    const name = this.#terminal.style("dim", shortened(latest, free - width));
    return `  ${this.#bar(width, done / Math.max(1, files))}  ${numbers}  ${name}`;
  }

  #bar(width: number, share: number): string {
    const filled = Math.round(width * share);
    return this.#terminal.style("green", "━".repeat(filled)) + this.#terminal.style("dim", "─".repeat(width - filled));
  }
}

/** Supersteps that only hand out work are not worth a line. */
function soberLine({ step, ran }: StepReport, { files, reviewed, findings }: Standing): string | undefined {
  const node = ran[0]?.node ?? "";
  const what = `superstep ${String(step).padStart(2)}  ${node.padEnd(9)}`;
  if (node === "dispatch") return undefined;
  if (node === "scan") return `${what}  ${count(files, "file")} to review`;
  if (node === "review") return `${what}  ${of(reviewed, files)}, ${count(findings, "finding")}`;
  return what.trimEnd();
}

function of(done: number, files: number): string {
  return `${done.toLocaleString("en-US")}/${count(files, "file")}`;
}

/** The end of a path says more than its beginning. */
function shortened(path: string, room: number): string {
  const plain = path.replace(/\p{Cc}/gu, "?");
  return plain.length <= room ? plain : `…${plain.slice(plain.length - Math.max(0, room - 1))}`;
}
