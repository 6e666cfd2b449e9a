/** Runs a case on a file, from whatever stands there, and prints how it ended. Arguments: the case, the folder. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { Attack } from "./attack.js";
import { CASES } from "./cases.js";

const [name = "", folder = "."] = process.argv.slice(2);
const attacked = CASES[name];
if (attacked === undefined) throw new TypeError(`no case "${name}"`);

const log = join(folder, "log.txt");
appendFileSync(log, "");
const store = new SqliteCheckpointer(join(folder, "session.db"), {
  synchronous: "normal",
  ...(attacked.inFiles === true && { artifacts: { folder: join(folder, "artifacts") } }),
});
const attack = new Attack(attacked, {
  store,
  records: store,
  say: (line) => appendFileSync(log, `${line}\n`),
  said: () => readFileSync(log, "utf8").trim().split("\n"),
});
process.stdout.write(JSON.stringify(await attack.run(), undefined, 1));
