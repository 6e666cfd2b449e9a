/** A database that is watched: what was asked of it, what it gave, and what it is made to fail at. */
import type { OpenDatabase } from "../../src/sqlite.js";

/** One answer of a statement. */
export interface Answer {
  readonly sql: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

interface Statement {
  run(...values: readonly unknown[]): unknown;
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
}

export class WatchedDatabase implements OpenDatabase {
  readonly #database: OpenDatabase;
  /** Everything that was given back since `forget`. */
  answers: Answer[] = [];
  /** Everything that was run, and executed, since `forget`. */
  executed: string[] = [];
  /** Thrown by the next call whose SQL matches, and by none after it. */
  #failure: { readonly at: RegExp; readonly error: unknown } | undefined;

  constructor(database: OpenDatabase) {
    this.#database = database;
  }

  exec(sql: string): unknown {
    this.#before(sql);
    return this.#database.exec(sql);
  }

  prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql) as Statement;
    return {
      run: (...values) => {
        this.#before(sql);
        return statement.run(...values);
      },
      get: (...values) => {
        this.#before(sql);
        const row = statement.get(...values);
        this.#note(sql, row === undefined ? [] : [row]);
        return row;
      },
      all: (...values) => {
        this.#before(sql);
        const rows = statement.all(...values);
        this.#note(sql, rows);
        return rows;
      },
    };
  }

  close(): unknown {
    return this.#database.close();
  }

  forget(): void {
    this.answers = [];
    this.executed = [];
  }

  failNext(at: RegExp, error: unknown): void {
    this.#failure = { at, error };
  }

  /** Rows of a table that were given, but for those that only name a place. */
  rowsOf(table: string): readonly Readonly<Record<string, unknown>>[] {
    const asked = this.answers.filter(({ sql }) => sql.includes(`FROM ${table} `));
    return asked.flatMap(({ rows }) => rows).filter((row) => Object.keys(row).length > 2);
  }

  #before(sql: string): void {
    this.executed.push(sql);
    const failure = this.#failure;
    if (failure === undefined || !failure.at.test(sql)) return;
    this.#failure = undefined;
    throw failure.error;
  }

  #note(sql: string, rows: readonly unknown[]): void {
    this.answers.push({ sql, rows: rows as Answer["rows"] });
  }
}

/** An error as better-sqlite3 throws it. */
export function sqliteError(code: string): Error & { readonly code: string } {
  return Object.assign(new TypeError("what SQLite says"), { code });
}
