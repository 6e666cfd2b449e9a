/** Shows a run while it goes on: one line that changes on a terminal, a line a superstep elsewhere. */
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import type { RunEvent } from "superstep";
import { count } from "./report.js";

/** How far a review is. */
export interface Standing {
  readonly files: number;
  readonly reviewed: number;
  readonly findings: number;
}
type Style = "dim" | "green" | "yellow" | "red" | "bold";

const WIDTH = 24;

export class Terminal {
  readonly #out: WriteStream;
  readonly #isLive: boolean;
  readonly #hasColors: boolean;
  #isOpen = false;

  constructor(out: WriteStream) {
    this.#out = out;
    this.#isLive = out.isTTY === true;
    this.#hasColors = this.#isLive && out.hasColors();
  }

  /** A line that stays. */
  say(line = ""): void {
    this.#out.write(`${this.#isOpen ? "\r\x1b[K" : ""}${line}\n`);
    this.#isOpen = false;
  }

  /** A line that the next one replaces; `sober` is said instead where lines cannot be replaced. */
  update(line: string, sober: string | undefined): void {
    if (!this.#isLive) {
      if (sober !== undefined) this.say(sober);
      return;
    }
    this.#out.write(`\r\x1b[K${line}`);
    this.#isOpen = true;
  }

  style(style: Style, text: string): string {
    return this.#hasColors ? styleText(style, text) : text;
  }

  get columns(): number {
    return this.#out.columns || 80;
  }
}

export class Progress {
  readonly #terminal: Terminal;
  #standing: Standing;
  #running = 0;
  #latest = "";

  constructor(terminal: Terminal, standing: Standing) {
    this.#terminal = terminal;
    this.#standing = standing;
  }

  show(event: RunEvent): void {
    if (event.type === "node.completed") this.#latest = String(event.task.input ?? event.task.node);
    if (event.type === "node.completed" && event.task.node === "review") this.#running++;
    if (event.type === "step.completed") this.#advance(event.report);
    if (event.type === "node.completed" || event.type === "step.completed") this.#draw(event);
  }

  /** The superstep is committed: its changes say how far the review is, also of results kept from an earlier try. */
  #advance({ ran, barrier }: Extract<RunEvent, { type: "step.completed" }>["report"]): void {
    const { files, reviewed, findings } = this.#standing;
    const added = (channel: string) => barrier.changes.filter((change) => change.channel === channel).flatMap(({ patch }) => patch);
    const scanned = added("files").at(-1)?.value;
    this.#standing = {
      files: Array.isArray(scanned) ? scanned.length : files,
      reviewed: reviewed + ran.filter(({ node }) => node === "review").length,
      findings: findings + added("findings").length,
    };
    this.#running = 0;
  }

  #draw(event: RunEvent & { readonly type: "node.completed" | "step.completed" }): void {
    const { files, reviewed, findings } = this.#standing;
    const done = reviewed + this.#running;
    const numbers = `superstep ${event.step} · ${done}/${count(files, "file")} · ${count(findings, "finding")}`;
    const room = Math.max(0, this.#terminal.columns - WIDTH - numbers.length - 8);
    const line = `  ${this.#bar(done, files)}  ${numbers}  ${this.#terminal.style("dim", shortened(this.#latest, room))}`;
    this.#terminal.update(line, event.type === "step.completed" ? soberLine(event, this.#standing) : undefined);
  }

  #bar(done: number, files: number): string {
    const filled = files === 0 ? 0 : Math.round((WIDTH * done) / files);
    return this.#terminal.style("green", "━".repeat(filled)) + this.#terminal.style("dim", "─".repeat(WIDTH - filled));
  }
}

function soberLine({ step, report }: RunEvent & { readonly type: "step.completed" }, { files, reviewed, findings }: Standing): string {
  const node = report.ran[0]?.node ?? "";
  const what = `superstep ${String(step).padStart(2)}  ${node.padEnd(9)}`;
  if (node === "scan") return `${what}  ${count(files, "file")} to review`;
  if (node === "review") return `${what}  ${reviewed}/${files} files, ${count(findings, "finding")}`;
  return what.trimEnd();
}

/** The end of a path says more than its beginning. */
function shortened(path: string, room: number): string {
  const plain = path.replace(/\p{Cc}/gu, "?");
  return plain.length <= room ? plain : `…${plain.slice(plain.length - Math.max(0, room - 1))}`;
}
