import { rmSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import Database from "better-sqlite3";
import { SuperstepError } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { everythingOf, SESSIONS, writeSmallFile } from "./small-file.js";

rmSync("/tmp/probe/all.db", { force: true });
const bytes = await writeSmallFile("/tmp/probe/all.db");
bytes[18] = 1;
bytes[19] = 1;
const Q: any[] = [
  ...SESSIONS.map((id) => async (s: any) => everythingOf(s, id)),
  async (s: any) => s.list({ limit: 10 }),
  ...SESSIONS.flatMap((id) => [0, 1, 2, 3].map((step) => async (s: any) => ({ ...s.at(id, { step }) }))),
  ...SESSIONS.flatMap((id) =>
    [1, 2, 3, 4].flatMap((seq) =>
      ["made", "forked"].map((incarnation) => async (s: any) => ({ ...s.at(id, { incarnation, seq }) })),
    ),
  ),
];
async function asked(f: any) {
  try {
    return await f();
  } catch (e) {
    if (SuperstepError.is(e)) return "refused";
    return `RAW ${e}`;
  }
}
async function answers() {
  const d: any = await asked(async () => new (Database as any)(bytes));
  const s: any = await asked(async () => new SqliteCheckpointer(d));
  if (!(s instanceof SqliteCheckpointer)) {
    if (String(s).startsWith("RAW")) return [s];
    return ["refused"];
  }
  const out = [];
  for (const q of Q) out.push(await asked(() => q(s)));
  d.close();
  return out;
}
const right = await answers();
let n = 0;
for (let p = 0; p < bytes.length; p++)
  for (let bit = 0; bit < 8; bit++) {
    const b = bytes[p]!;
    bytes[p] = b ^ (1 << bit);
    const a = await answers();
    bytes[p] = b;
    a.forEach((x: any, i: number) => {
      if (x !== "refused" && !isDeepStrictEqual(x, right[i])) {
        n++;
        if (n < 60) console.log("WRONG", p, bit, i, JSON.stringify(x)?.slice(0, 200));
      }
    });
  }
console.log("done", n);
