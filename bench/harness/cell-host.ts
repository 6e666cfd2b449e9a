/** A cell in a process of its own, from outside. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./cell.js";
import type { Answer, Request } from "./protocol.js";

const PROGRAM = fileURLToPath(new URL("./cell-process.js", import.meta.url));
/** Some peers never come back. */
const PATIENCE_MS = 600_000;

export class CellHost {
  readonly #process: ChildProcess;

  constructor() {
    // What a peer prints is no result, and neither is what Node says of it.
    const env = { ...process.env, NODE_NO_WARNINGS: "1" };
    this.#process = fork(PROGRAM, { env, execArgv: ["--expose-gc"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  }

  async list(module: string): Promise<readonly string[]> {
    const { keys } = await this.#ask({ kind: "list", module }, "listed");
    return keys;
  }

  async make(module: string, key: string, size: number): Promise<void> {
    await this.#ask({ kind: "make", module, key, size }, "made");
  }

  async run(forMs: number, settleMs?: number): Promise<Outcome> {
    const { outcome } = await this.#ask({ kind: "run", settleMs, forMs }, "ran");
    return outcome;
  }

  /** Whatever state it is in. */
  async stop(): Promise<void> {
    const isThere = this.#process.connected;
    if (isThere) await this.#ask({ kind: "close" }, "closed").catch(() => undefined);
    this.#process.kill();
  }

  #ask<K extends Answer["kind"]>(request: Request, expected: K): Promise<Answer & { readonly kind: K }> {
    const child = this.#process;
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => fail("it did not answer"), PATIENCE_MS);
      const settle = () => {
        clearTimeout(patience);
        child.off("message", hear).off("exit", leave);
      };
      const fail = (message: string) => {
        settle();
        reject(new Error(`${JSON.stringify(request)}: ${message}`));
      };
      const hear = (answer: Answer) => {
        if (answer.kind !== expected) return fail(answer.kind === "failed" ? answer.message : answer.kind);
        settle();
        resolve(answer as Answer & { readonly kind: K });
      };
      const leave = (code: number | null) => fail(`its process ended with ${code}`);
      child.on("message", hear).on("exit", leave);
      child.send(request);
    });
  }
}
