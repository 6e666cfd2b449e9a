/** The other end of a rival process: what is said to it, and what it answers. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** An answer of a rival. */
export interface Answer {
  readonly sessionId?: string;
  readonly outcome?: string;
  readonly at?: string;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly owner?: string;
    readonly since?: number;
    readonly takenBy?: string;
  };
}

export class Rival {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #gone: Promise<unknown>;
  #stderr = "";

  constructor(program: string, folder: string, ttlMs: number) {
    const child = spawn(process.execPath, [program, folder, String(ttlMs)], { stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#stderr += String(text);
    });
    this.#child = child;
    this.#answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    this.#gone = new Promise((resolve) => child.on("exit", resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  say(command: string, sessionId = "", at = 0): void {
    this.#child.stdin?.write(`${JSON.stringify({ command, sessionId, at })}\n`);
  }

  async hear(): Promise<Answer> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new TypeError(`the rival is gone: ${this.#stderr}`);
    return JSON.parse(value) as Answer;
  }

  async ask(command: string, sessionId?: string, at?: number): Promise<Answer> {
    this.say(command, sessionId, at);
    return this.hear();
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Resolves once it is gone, and nobody's child any more. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }
}
