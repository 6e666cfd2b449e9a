/** Reads where a runner runs: only what was asked for by name, and nothing whose name says that it is a secret. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { checkNames, InvalidOptionError, type OptionNames, type RunEnvironment, shown } from "../errors.js";
import type { Note } from "../session/checkpoint.js";
import { checkList } from "./options/option-values.js";

/** What a runner notes about where it runs. */
export interface EnvironmentOptions {
  /** Packages whose versions are noted, as they are found from the working directory. */
  readonly packages?: readonly string[] | undefined;
  /** Environment variables that are noted. */
  readonly variables?: readonly string[] | undefined;
}

const OPTIONS = { packages: true, variables: true } satisfies OptionNames<EnvironmentOptions>;
const SECRET = /secret|token|passw|credential|private|auth|(^|_)key(_|$)|apikey/i;

/** Throws InvalidOptionError. */
export function environmentOf(options: EnvironmentOptions | undefined): RunEnvironment | undefined {
  if (options === undefined) return undefined;
  checkNames(options, OPTIONS, "environment");
  const { packages = [], variables = [] } = options;
  checkList("environment.packages", packages, isName, "names of packages");
  checkList("environment.variables", variables, isName, "names of variables");
  return Object.freeze({
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    host: hostname(),
    packages: Object.freeze(Object.fromEntries(packages.map((name) => [name, versionOf(name)]))),
    variables: Object.freeze(Object.fromEntries(variables.flatMap((name) => variableOf(name)))),
  });
}

/** The note of a session that a call with this environment goes on with. */
export function notedIn(note: Note, environment: RunEnvironment | undefined): Note {
  const { environment: former, ...others } = note;
  if (former === environment || JSON.stringify(former) === JSON.stringify(environment)) return note;
  return environment === undefined ? others : { ...others, environment };
}

function isName(name: unknown): boolean {
  return typeof name === "string" && name !== "";
}

function variableOf(name: string): readonly (readonly [name: string, value: string])[] {
  if (SECRET.test(name))
    throw new InvalidOptionError(
      "environment.variables",
      `has ${shown(name)}, which looks like a secret`,
      "leave it out",
    );
  const value = process.env[name];
  return value === undefined ? [] : [[name, value]];
}

/** Not every package lets its package.json be asked for by name. */
function versionOf(name: string): string {
  const require = createRequire(join(process.cwd(), "package.json"));
  for (const folder of require.resolve.paths(name) ?? []) {
    const version = versionIn(join(folder, name, "package.json"));
    if (version !== undefined) return version;
  }
  const own = versionOfOwn(name, process.cwd());
  if (own !== undefined) return own;
  throw new InvalidOptionError(
    "environment.packages",
    `has ${shown(name)}, which is not installed`,
    "install it, or leave it out",
  );
}

/** The package that the working directory is in. */
function versionOfOwn(name: string, folder: string): string | undefined {
  const version = versionIn(join(folder, "package.json"), name);
  const parent = dirname(folder);
  return version ?? (parent === folder ? undefined : versionOfOwn(name, parent));
}

function versionIn(file: string, name?: string): string | undefined {
  try {
    const found = JSON.parse(readFileSync(file, "utf8")) as { readonly name?: unknown; readonly version?: unknown };
    return typeof found.version === "string" && (name === undefined || found.name === name) ? found.version : undefined;
  } catch {
    return undefined;
  }
}
