/** The base of every error: a brand that works across copies of the package, a code for ever, and where it happened. */
import { BRAND, type ErrorRecord, type FrontierContext, isBranded, recordOf } from "./record.js";

/** What an error may carry besides its own data. */
export interface ErrorContext {
  readonly cause?: unknown;
  readonly help?: string;
  readonly at?: FrontierContext;
}

/** Base of every error the library throws. `code` never changes between versions; `help` says what to do. */
export abstract class SuperstepError extends Error {
  abstract readonly code: string;
  declare readonly help?: string;
  declare readonly at?: FrontierContext;

  constructor(message: string, context: ErrorContext = {}) {
    super(message, "cause" in context ? { cause: context.cause } : undefined);
    if (context.help !== undefined) this.help = context.help;
    if (context.at !== undefined) this.at = context.at;
  }

  /** The class's own name. The kinds of the library spell theirs out, so that no bundler renames what is stored. */
  override get name(): string {
    return this.constructor.name;
  }

  get [BRAND](): true {
    return true;
  }

  /** True for any error of this library, also one thrown by another copy of the package. */
  static is(value: unknown): value is SuperstepError {
    return isBranded(value);
  }

  toJSON(): ErrorRecord {
    return recordOf(this);
  }
}

/** Gives an error the frontier it happened at, unless it already knows one, or was frozen by someone. */
export function locate<E extends SuperstepError>(error: E, at: FrontierContext): E {
  if (error.at === undefined && Object.isExtensible(error)) (error as { at?: FrontierContext }).at = at;
  return error;
}
