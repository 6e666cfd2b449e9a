/** What one would write by hand where a superstep has to outlive the process: a log of records, one prepared INSERT each. */
import Database from "better-sqlite3";

export type Synchronous = "normal" | "full";

export interface Log {
  /** In a transaction of its own. */
  append(record: object): void;
  newest(): unknown;
  close(): void;
}

/** Keeps nothing but the newest record. */
export function memoryLog(): Log {
  let newest: object | undefined;
  const append = (record: object) => {
    newest = record;
  };
  return { append, newest: () => newest, close: () => undefined };
}

export function openLog(path: string, synchronous: Synchronous): Log {
  const database = openDatabase(path, synchronous);
  const insert = database.prepare("INSERT INTO log (body) VALUES (?)");
  const last = database.prepare("SELECT body FROM log ORDER BY id DESC LIMIT 1").pluck();
  return {
    append: (record) => void insert.run(JSON.stringify(record)),
    newest: () => JSON.parse(last.get() as string) as unknown,
    close: () => void database.close(),
  };
}

export function openDatabase(path: string, synchronous: Synchronous): Database.Database {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${synchronous}`);
  database.exec("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  return database;
}
