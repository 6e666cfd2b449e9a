/**
 * The SQLite driver: better-sqlite3 where it is installed and fits this Node, else node:sqlite, else an error with the command to run.
 * A version that would kill the process is never loaded: the guard reads numbers first.
 */
import { createRequire } from "node:module";
import { CheckpointError } from "../../errors.js";

/** A database of either driver, opened by the caller. */
export interface OpenDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): unknown;
  close(): unknown;
}
/** What both drivers have in common, and all that the store uses. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}
export interface SqliteStatement {
  run(...values: readonly SqliteValue[]): unknown;
  get(...values: readonly SqliteValue[]): unknown;
  all(...values: readonly SqliteValue[]): unknown[];
}
type SqliteValue = string | number | Uint8Array | null;
/** A SQLite driver. */
export type DriverName = "better-sqlite3" | "node:sqlite";
type Open = (path: string) => SqliteDatabase;

const require = createRequire(import.meta.url);

/** Opens a database file. Throws CheckpointError when no driver can be had, or the file cannot be opened. */
export function openDatabase(path: string, wanted: DriverName | undefined): SqliteDatabase {
  const open = driverOf(wanted);
  try {
    return open(path);
  } catch (error) {
    const fallback = wanted === undefined && isUnloadable(error) ? nodeSqlite() : undefined;
    if (fallback !== undefined) return openDatabase(path, "node:sqlite");
    throw new CheckpointError(`open "${path}"`, error, openingHelp(error));
  }
}

/** Its binary was never built, or for another Node than this one: that shows when the first database is opened. */
function isUnloadable(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ERR_DLOPEN_FAILED" || String(error).includes("bindings file");
}

function driverOf(wanted: DriverName | undefined): Open {
  if (wanted === "node:sqlite")
    return nodeSqlite() ?? missing(`node:sqlite needs Node 22.13 or later, this is ${process.versions.node}`);
  const problem = betterSqliteProblem();
  if (problem === undefined) return betterSqlite();
  const fallback = wanted === undefined ? nodeSqlite() : undefined;
  return fallback ?? missing(problem);
}

function betterSqlite(): Open {
  const Database = require("better-sqlite3") as new (path: string) => SqliteDatabase;
  return (path) => new Database(path);
}

function nodeSqlite(): Open | undefined {
  try {
    const { DatabaseSync } = require("node:sqlite") as { DatabaseSync: new (path: string) => SqliteDatabase };
    return (path) => new DatabaseSync(path);
  } catch {
    return undefined;
  }
}

/** Why better-sqlite3 cannot be loaded here; undefined when it can. */
function betterSqliteProblem(): string | undefined {
  const version = installedVersion();
  return version === undefined
    ? "better-sqlite3 is not installed"
    : versionProblem(version, Number(process.versions.napi));
}

/** Undefined when that version runs on a Node with that Node-API. */
export function versionProblem(version: string, napi: number): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 12 || (major === 12 && minor < 11) || major >= 14)
    return `better-sqlite3 ${version} is outside of >=12.11 <14`;
  if (major >= 13 && napi < 10)
    return `better-sqlite3 ${version} needs Node-API 10, this Node has ${napi} and would crash`;
  return undefined;
}

function installedVersion(): string | undefined {
  try {
    return (require("better-sqlite3/package.json") as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** The command that makes SQLite work on this Node. */
export function installCommand(napi = Number(process.versions.napi)): string {
  return napi < 10 ? "npm install better-sqlite3@12.11.1" : "npm install better-sqlite3@13";
}

function missing(problem: string): never {
  throw new CheckpointError("find a SQLite driver", new TypeError(problem), `run: ${installCommand()}`);
}

function openingHelp(error: unknown): string {
  if (isUnloadable(error)) return "run: npm rebuild better-sqlite3 --ignore-scripts=false";
  return "check that the folder exists and that the file can be written";
}
