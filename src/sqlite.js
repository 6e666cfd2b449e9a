export { SqliteCheckpointer } from "./sqlite/sqlite-checkpointer.js";
