/** The transactions of a connection: each takes the write lock at once, and waits for the disk only if it must. */
import type { Connection } from "./connection.js";
import { isBusy } from "./failures.js";
import type { Transaction } from "./group-commit.js";

/** `synchronous`: what the file was opened with, and what holds again after a transaction that waits for no disk. */
export function transactionOn(connection: Connection, synchronous: "full" | "normal"): Transaction {
  let isRelaxed = false;
  const relax = () => {
    connection.file().database.exec("PRAGMA synchronous = normal");
    isRelaxed = true;
  };
  const restore = () => {
    if (!isRelaxed) return;
    isRelaxed = false;
    connection.file().database.exec("PRAGMA synchronous = full");
  };
  return {
    begin(isDurable) {
      if (!isDurable && synchronous === "full") relax();
      try {
        connection.file().statements.begin.run();
      } catch (error) {
        restore();
        throw error;
      }
    },
    commit() {
      connection.file().statements.commit.run();
      restore();
    },
    rollback() {
      try {
        connection.file().statements.rollback.run();
      } finally {
        restore();
      }
    },
    isBusy,
  };
}
