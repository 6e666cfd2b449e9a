/**
 * Gives pages that hold nothing any more back to the file system. What somebody else's lock, or the end of
 * the store, prevents is done next time.
 */
import type { Connection } from "../connection/connection.js";
import { isBusy } from "../connection/failures.js";
import type { GroupCommit } from "../connection/group-commit.js";

/** So many pages may lie idle, and of a large file a sixteenth, before giving them back is worth the effort by itself. */
const IDLE_PAGES = 16;
const IDLE_SHARE = 1 / 16;

const VACUUM = "PRAGMA incremental_vacuum(1000)";

export class Shrinking {
  readonly #connection: Connection;
  readonly #writes: GroupCommit;
  #running: Promise<void> | undefined;

  constructor(connection: Connection, writes: GroupCommit) {
    this.#connection = connection;
    this.#writes = writes;
  }

  /** Resolves when the file is as small as it gets; at once when there is too little to gain. */
  async shrink({ isWorthIt }: { readonly isWorthIt: "anyPage" | "manyPages" }): Promise<void> {
    try {
      const enough = isWorthIt === "anyPage" ? 1 : Math.max(IDLE_PAGES, this.#pages("allPages") * IDLE_SHARE);
      if (this.#pages("freePages") < enough) return;
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    } catch (error) {
      if (!isBusy((error as { readonly cause?: unknown }).cause) && !this.#connection.isClosed) throw error;
    }
  }

  /** Some pages a transaction, so that others get their turn. */
  async #run(): Promise<void> {
    for (let left = this.#pages("freePages"), before = left + 1; left > 0 && left < before; ) {
      await this.#vacuum();
      before = left;
      left = this.#pages("freePages");
    }
    this.#connection.use("shrink the file", ({ statements }) => statements.truncate.all());
  }

  /** Executed, not prepared: it takes a step for each page, and a driver that runs a statement without columns takes only one. */
  async #vacuum(): Promise<void> {
    try {
      await this.#writes.write(() => this.#connection.file().database.exec(VACUUM), { isDurable: false });
    } catch (error) {
      throw this.#connection.failed("shrink the file", error);
    }
  }

  #pages(which: "freePages" | "allPages"): number {
    const row = this.#connection.use("shrink the file", ({ statements }) => statements[which].get());
    return Object.values(row as Record<string, number>)[0] ?? 0;
  }
}
