/** What the cells of all peers share: folders that never stay, the pace of a run, and processes of their own. No cells here. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** @typedef {import("../harness/cell.ts").Cell} Cell */

/** What W3 appends in each superstep. */
/** All of them different, as messages are.
 * @param {number} place */
export function messageOf(place) {
  return `${place} `.padEnd(200, "x");
}

/** What W5 keeps in its state. @param {number} bytes */
export function records(bytes) {
  return Array.from({ length: Math.ceil(bytes / 1_000) }, (_, id) => ({ id, text: "x".repeat(1_000) }));
}

/** What W2 gives to its tasks. @param {number} width */
export function numbers(width) {
  return Array.from({ length: width }, (_, number) => number);
}

/** @param {readonly number[]} values */
export function sumOf(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * @template T
 * @param {number} units
 * @param {() => Promise<T>} work
 */
export async function timed(units, work) {
  const start = performance.now();
  const result = await work();
  return { microseconds: microsecondsSince(start) / units, result };
}

/** @param {number} start */
export function microsecondsSince(start) {
  return (performance.now() - start) * 1_000;
}

/** A cell whose work was not done is worth nothing. @param {unknown} actual @param {unknown} expected */
export function expectSame(actual, expected) {
  if (actual !== expected) throw new Error(`came to ${String(actual)} and not to ${String(expected)}`);
}

/** How the time of a step changes while a run goes on: call `tick` in each step. */
export function pace() {
  /** @type {number[]} */
  const times = [];
  const slowdown = () => {
    const steps = times.slice(1).map((time, at) => time - /** @type {number} */ (times[at]));
    const some = Math.min(500, Math.floor(steps.length / 2));
    return median(steps.slice(-some)) / median(steps.slice(0, some));
  };
  return { tick: () => void times.push(performance.now()), slowdown };
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * A folder for one run; it is gone afterwards, whatever happens.
 * @template T
 * @param {(folder: string) => Promise<T>} work
 */
export async function inFolder(work) {
  const { path, remove } = temporaryFolder();
  try {
    return await work(path);
  } finally {
    remove();
  }
}

/** @param {string} folder */
export function bytesIn(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "superstep-peer-"));
  const remove = () => {
    process.off("exit", remove);
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", remove);
  return { path, remove };
}

/**
 * W6 import: a new process imports what a user of the peer has to.
 * @param {readonly string[]} specifiers
 * @returns {Cell}
 */
export function importing(specifiers) {
  const imports = specifiers.map((specifier) => `import(${JSON.stringify(specifier)})`);
  const source = `const start = performance.now();
    await Promise.all([${imports.join(", ")}]);
    report((performance.now() - start) * 1_000);`;
  return { run: async () => ({ microseconds: await inProcess(source) }) };
}

/**
 * W6 open: a new process imports the peer's module, opens a session that `prepare` has left paused in a folder, resumes it, and
 * times that until the node runs. Each run has a copy of the folder.
 * @param {string} module exports `reopen(folder)`, which comes to microseconds
 * @param {(folder: string) => Promise<void>} prepare
 * @returns {Promise<Cell>}
 */
export async function reopening(module, prepare) {
  const kept = temporaryFolder();
  await prepare(kept.path);
  const run = () =>
    inFolder(async (folder) => {
      cpSync(kept.path, folder, { recursive: true });
      const source = `const { reopen } = await import(${JSON.stringify(module)});
        report(await reopen(${JSON.stringify(folder)}));`;
      return { microseconds: await inProcess(source) };
    });
  return { run, close: async () => kept.remove() };
}

/** @param {string} source calls `report` once, with a number */
async function inProcess(source) {
  const whole = `const report = (value) => { console.log("\\n" + value); process.exit(); };\n${source}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", whole], {
    cwd: import.meta.dirname,
  });
  const value = Number(stdout.trim().split("\n").at(-1));
  if (!(value > 0)) throw new Error(`no number was reported: ${stdout}`);
  return value;
}
