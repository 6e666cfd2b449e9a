/** Where the demo speaks: on a terminal one line may change, elsewhere every line stays. */
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

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

  /** A line that stays; so does the live line above it. */
  say(line = ""): void {
    this.#out.write(`${this.#isOpen ? "\n" : ""}${line}\n`);
    this.#isOpen = false;
  }

  /** A line that the next one replaces; `sober` is said instead where lines cannot be replaced. */
  update(line: string, sober?: string): void {
    if (!this.#isLive) {
      if (sober !== undefined) this.say(sober);
      return;
    }
    this.#out.write(`\r\x1b[K${line}`);
    this.#isOpen = true;
  }

  style(style: "dim" | "green" | "bold", text: string): string {
    return this.#hasColors ? styleText(style, text) : text;
  }

  get columns(): number {
    return this.#out.columns || 80;
  }
}
