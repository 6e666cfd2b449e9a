/** A worker that was started, thread or process: what both kinds have in common. */
import type { FromWorker, ToWorker } from "./messages.js";
import type { OutputTail } from "./output-tail.js";

/** How a worker ended. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly isOutOfMemory: boolean;
  /** What it died of, if it said so. */
  readonly cause?: unknown;
}
/** Who hears of it. */
export interface WorkerListener {
  heard(message: FromWorker): void;
  /** Once, and nothing after it. */
  ended(end: WorkerEnd): void;
}
/** A worker that was started. */
export interface StartedWorker {
  readonly output: OutputTail;
  /** Does nothing once the worker has ended. */
  post(message: ToWorker): void;
  /** Ends it by force. */
  kill(): void;
  /** Whether it keeps this process alive. */
  hold(isHeld: boolean): void;
}
/** How workers are started. */
export interface WorkerSpec {
  /** The module that workers run. */
  readonly host: URL;
  /** Environment variables; undefined: those of this process. */
  readonly env: Readonly<Record<string, string>> | undefined;
  /** Options of Node. */
  readonly execArgv: readonly string[] | undefined;
  /** MiB of heap. */
  readonly memoryMb: number | undefined;
  /** Whether what it prints is also printed here. */
  readonly print: boolean;
}
export type StartWorker = (spec: WorkerSpec, listener: WorkerListener) => StartedWorker;
