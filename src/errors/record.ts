/** Errors as data: where a run stood, and any thrown value as plain JSON. Nothing here throws, whatever it is given. */

/** One activation of a node: a place in a frontier. */
export interface TaskRef {
  /** Unique within the session, for ever. */
  readonly id: string;
  readonly node: string;
  /** What a Send carried; absent for a node reached by an edge. */
  readonly input?: unknown;
}

/** Where a run stood when something failed. Survives JSON: task inputs are left out. */
export interface FrontierContext {
  readonly sessionId: string;
  /** The superstep that was being attempted. */
  readonly step: number;
  readonly frontier: readonly TaskRef[];
  readonly versions: Readonly<Record<string, number>>;
  readonly checkpointId?: string;
  readonly node?: string;
  readonly taskId?: string;
  readonly attempt?: number;
  /** Within a subgraph: the names of the nodes that lead to the graph that stood there. `sessionId` is then the subgraph's own. */
  readonly path?: readonly string[];
  /** Tasks of this superstep whose results are kept and will not run again. */
  readonly finished: readonly TaskRef[];
  /** Where it ran, if the runner was told to note that. */
  readonly environment?: RunEnvironment;
}

/** Where a session runs: what whoever asks later why it ended as it did needs to know. */
export interface RunEnvironment {
  /** Of Node: "v24.1.0". */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  /** The machine's name. */
  readonly host: string;
  /** Versions of the packages that were asked for. */
  readonly packages: Readonly<Record<string, string>>;
  /** Values of the environment variables that were asked for, as far as they are set. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An error as plain JSON. `code` is "THROWN" for what is not an error of this library and has no code of its own. */
export interface ErrorRecord {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly at?: FrontierContext;
  readonly cause?: ErrorRecord;
  readonly stack?: string;
}

/** Marks the errors of this library, whichever copy of it made them. */
export const BRAND = Symbol.for("superstep.error");

const MAX_CAUSES = 16;

/** Turns whatever was thrown (an Error, a string, undefined, a hostile object) into a record. */
export function recordOf(thrown: unknown, depth = 0): ErrorRecord {
  if (typeof thrown !== "object" || thrown === null) {
    return {
      name: "Thrown",
      code: "THROWN",
      message: thrown === undefined ? "undefined was thrown" : describe(thrown),
    };
  }
  const name = text(thrown, "name") ?? "Error";
  const message = text(thrown, "message") ?? describe(thrown);
  const stack = text(thrown, "stack");
  const at = isBranded(thrown) ? plain(read(thrown, "at")) : undefined;
  const cause = depth < MAX_CAUSES ? read(thrown, "cause") : undefined;
  return {
    name,
    code: text(thrown, "code") ?? "THROWN",
    message,
    ...(at !== undefined && { at }),
    ...(cause !== undefined && { cause: recordOf(cause, depth + 1) }),
    ...(stack !== undefined && { stack }),
  };
}

function text(from: object, key: string): string | undefined {
  const value = read(from, key);
  return typeof value === "string" ? value : undefined;
}

function read(from: object, key: string | symbol): unknown {
  try {
    return (from as Record<string | symbol, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Whoever says that it is one of ours need not have been there. */
function plain(at: unknown): FrontierContext | undefined {
  if (typeof at !== "object" || at === null) return undefined;
  try {
    return JSON.parse(JSON.stringify(at)) as FrontierContext;
  } catch {
    return undefined;
  }
}

function describe(thrown: unknown): string {
  try {
    if (typeof thrown !== "object" || thrown === null) return String(thrown);
    return JSON.stringify(thrown) ?? Object.prototype.toString.call(thrown);
  } catch {
    return `${typeof thrown === "object" ? "an object" : "a function"} that cannot be described`;
  }
}

/** True for an error of this library, also of another copy of it; never throws. */
export function isBranded(value: unknown): boolean {
  return typeof value === "object" && value !== null && read(value, BRAND) === true;
}
