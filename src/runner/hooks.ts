/** Observers of a run that may ask it to pause. Whatever a hook does wrong goes to `onHookError` and never changes the run (P4). */
import { recordOf, type SuperstepError, type TaskRef } from "../errors.js";
import type { SessionView } from "../session/view.js";
import type { Channels } from "../state/channel.js";
import { seal } from "../state/seal.js";
import { isThenable } from "../superstep/thenable.js";
import type { PausedReport, StepReport } from "./report.js";

/** A hook's wish to pause. */
export interface PauseRequest {
  readonly pause: true;
  readonly detail: unknown;
}

/** Ask for a pause from a hook: the session stops at that boundary with reason `{ kind: "hook", detail }`. */
export function pause(detail?: unknown): PauseRequest {
  return { pause: true, detail };
}

/**
 * Observers of a run that may also ask it to pause. A hook that throws or rejects is reported through `onHookError`
 * and never changes the run; where no hook has it, the first failure is a warning of the process. The run waits for `beforeStep` and `afterStep`, and for no other hook.
 */
export interface RunHooks<C extends Channels = Channels> {
  /** Before each superstep; awaited. `pause(detail)` stops the session there. */
  beforeStep?(at: StepPosition): void | PauseRequest | Promise<void | PauseRequest>;
  /** After each superstep, once it is durable; awaited. `pause(detail)` stops the session there, unless it is completed. */
  afterStep?(report: StepReport): void | PauseRequest | Promise<void | PauseRequest>;
  /** A call ends with a pause, which is durable. Not awaited. */
  onPause?(paused: PausedReport<C>): void | Promise<void>;
  /** `resume` goes on; its answers are durable. Not awaited. */
  onResume?(at: ResumePosition): void | Promise<void>;
  /** A run that had begun fails, for whatever reason; aborts and step limits too. Not awaited. */
  onError?(error: SuperstepError): void | Promise<void>;
  /** A call ends with a completed session. Not awaited. */
  onComplete?(session: SessionView<C>): void | Promise<void>;
  /** Another hook, or one of these, threw or rejected. Synchronous; what it throws itself is dropped. */
  onHookError?(failure: HookFailure): void;
}
/** The superstep that is about to be attempted. */
export interface StepPosition {
  readonly sessionId: string;
  readonly step: number;
  readonly frontier: readonly TaskRef[];
}
/** Where a session goes on, and the answer it was given. */
export interface ResumePosition {
  readonly sessionId: string;
  readonly step: number;
  readonly answer: unknown;
}
/** What a hook did wrong. */
export interface HookFailure {
  readonly hook: string;
  readonly error: unknown;
}

/** A hook whose wish to pause is waited for. */
export type AskingHook = "beforeStep" | "afterStep";
/** What such a hook is told. */
export type HookSubject<H extends AskingHook> = Parameters<NonNullable<RunHooks[H]>>[0];
type Observing = "onPause" | "onResume" | "onError" | "onComplete";

export class HookList {
  readonly #hooks: RunHooks[];
  #hasWarned = false;

  constructor(hooks: readonly RunHooks[]) {
    this.#hooks = [...hooks];
  }

  add(hooks: RunHooks): void {
    this.#hooks.push(hooks);
  }

  has(hook: keyof RunHooks): boolean {
    return this.#hooks.some((hooks) => hooks[hook] !== undefined);
  }

  /** Calls every hook of that kind, in order; the first wish to pause counts. */
  async ask<H extends AskingHook>(hook: H, about: HookSubject<H>): Promise<PauseRequest | undefined> {
    let wish: PauseRequest | undefined;
    for (const hooks of this.#hooks) {
      try {
        const answered: unknown = await hooks[hook]?.(about as never);
        if (isPauseRequest(answered)) wish ??= this.#storable(hook, answered);
      } catch (error) {
        this.#report(hook, error);
      }
    }
    return wish;
  }

  /** Tells every hook of that kind, and waits for none. */
  tell<H extends Observing>(hook: H, about: Parameters<NonNullable<RunHooks[H]>>[0]): void {
    for (const hooks of this.#hooks) {
      try {
        const answered: unknown = hooks[hook]?.(about as never);
        if (isThenable(answered)) answered.then(undefined, (error: unknown) => this.#report(hook, error));
      } catch (error) {
        this.#report(hook, error);
      }
    }
  }

  /** A detail that cannot be stored is left out; the pause is not. */
  #storable(hook: string, wish: PauseRequest): PauseRequest {
    try {
      seal(wish.detail, ["detail"]);
      return wish;
    } catch (error) {
      this.#report(hook, error);
      return pause();
    }
  }

  /** Where nobody listens, the process is warned: once, since a hook that fails tends to fail again. */
  #report(hook: string, error: unknown): void {
    if (!this.#hasWarned && !this.has("onHookError")) {
      this.#hasWarned = true;
      const message = `hook "${hook}" failed: ${recordOf(error).message}; give the runner a hook \`onHookError\` to hear of all that fail`;
      process.emitWarning(message, { type: "SuperstepWarning", code: "HOOK_FAILED", ...detailOf(error) });
    }
    for (const hooks of this.#hooks) {
      try {
        hooks.onHookError?.({ hook, error });
      } catch {
        // an observer of observers that fails has nobody left to tell
      }
    }
  }
}

function detailOf(error: unknown): { readonly detail?: string } {
  const { stack } = recordOf(error);
  return stack === undefined ? {} : { detail: stack };
}

function isPauseRequest(value: unknown): value is PauseRequest {
  return typeof value === "object" && value !== null && (value as { pause?: unknown }).pause === true;
}
