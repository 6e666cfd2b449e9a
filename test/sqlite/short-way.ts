/** A database that counts the supersteps which were written with one statement; or takes nothing by a short way, so that everything goes the long one. */
import type { OpenDatabase } from "../../src/sqlite.js";

type Run = (...values: readonly unknown[]) => { readonly changes: number | bigint };
interface Statement {
  run: Run;
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
}

/** How the one statement begins, and no other does. */
const ADVANCE = "INSERT OR IGNORE INTO log";
/** Finds a head that is known. */
const STANDING = "SELECT (SELECT count(*) FROM pending";
/** Gives a lease back, of a session that is known. */
const FREE = /^UPDATE lease SET owner = NULL.*\s.*EXISTS/;
const NOTHING_WRITTEN = { changes: 0, lastInsertRowid: 0 };

export class ShortWay implements OpenDatabase {
  readonly #database: OpenDatabase;
  readonly #isOpen: boolean;
  /** How often the one statement was tried. */
  tried = 0;
  /** How often it wrote. */
  taken = 0;

  constructor(database: OpenDatabase, { isOpen = true }: { readonly isOpen?: boolean } = {}) {
    this.#database = database;
    this.#isOpen = isOpen;
  }

  exec(sql: string): unknown {
    return this.#database.exec(sql);
  }

  prepare(sql: string): unknown {
    const statement = this.#database.prepare(sql) as Statement;
    if (!this.#isOpen && sql.startsWith(STANDING)) return { get: () => undefined };
    if (!this.#isOpen && FREE.test(sql)) return { run: () => NOTHING_WRITTEN };
    if (!sql.startsWith(ADVANCE)) return statement;
    return { run: (...values: readonly unknown[]) => this.#advance(statement, values) };
  }

  close(): unknown {
    return this.#database.close();
  }

  #advance(statement: Statement, values: readonly unknown[]): unknown {
    this.tried++;
    const answer = this.#isOpen ? statement.run(...values) : NOTHING_WRITTEN;
    this.taken += Number(answer.changes);
    return answer;
  }
}
