/** The door of the SQLite store: names only. */
export type { DriverName, OpenDatabase } from "./sqlite/connection/driver.js";
export type { SqliteOptions } from "./sqlite/options.js";
export { SqliteCheckpointer } from "./sqlite/sqlite-checkpointer.js";
