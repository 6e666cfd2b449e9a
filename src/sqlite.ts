/** The door of the SQLite store: names only. */
export type { DriverName, OpenDatabase } from "./sqlite/driver.js";
export { SqliteCheckpointer, type SqliteOptions } from "./sqlite/sqlite-checkpointer.js";
