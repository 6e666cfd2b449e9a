/** A plain list of finished reviews, one a line: proof that no file is reviewed twice in one review. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

export class ReviewLog {
  readonly #file: string;
  readonly #sessionId: string;

  constructor(file: string, sessionId: string) {
    this.#file = file;
    this.#sessionId = sessionId;
  }

  add(path: string): void {
    appendFileSync(this.#file, this.#lineOf(path));
  }

  /** Forgets the lines of this session, before it begins afresh. */
  clear(): void {
    if (!existsSync(this.#file)) return;
    const others = readFileSync(this.#file, "utf8")
      .match(/[^\n]*\n/g)
      ?.filter((line) => !line.startsWith(`${this.#sessionId}\t`));
    writeFileSync(this.#file, others?.join("") ?? "");
  }

  #lineOf(path: string): string {
    return `${this.#sessionId}\t${JSON.stringify(path).slice(1, -1)}\n`;
  }
}
