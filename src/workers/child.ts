/** Workers that are processes of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { hearFrames, sendFrame } from "./frames.js";
import { inheritedOptions } from "./inherited-options.js";
import type { FromWorker } from "./messages.js";
import { OutputTail } from "./output-tail.js";
import type { StartedWorker, WorkerListener, WorkerSpec } from "./started-worker.js";

/** What V8 prints before it gives up. */
const OUT_OF_MEMORY = "heap out of memory";
/** The exit code of a process that aborted, where there are no signals. */
const ABORTED = 134;
/** Milliseconds for the last output of a process that is gone: what it started may hold its pipes open for ever. */
const PATIENCE_MS = 1_000;

export function startChild(spec: WorkerSpec, listener: WorkerListener): StartedWorker {
  const { host, env = process.env, execArgv = inheritedOptions(process.execArgv), memoryMb, print } = spec;
  const memory = memoryMb === undefined ? [] : [`--max-old-space-size=${memoryMb}`];
  const child = spawn(process.execPath, [...execArgv, ...memory, fileURLToPath(host)], {
    env: { ...env },
    // What it prints, what it is told and says, and its lifeline.
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
  });
  const output = new OutputTail();
  const end = endingOnce(listener, output);
  child.on("error", (cause) => end({ exitCode: null, signal: null, cause }));
  // A process for which there were no descriptors left has none.
  const [, stdout, stderr, pipe, lifeline] = (child.stdio ?? []) as readonly (Socket | undefined)[];
  if (stdout !== undefined) output.drain(stdout, print ? process.stdout : undefined);
  if (stderr !== undefined) output.drain(stderr, print ? process.stderr : undefined);
  lifeline?.on("error", () => undefined).resume();
  lifeline?.unref();
  if (pipe !== undefined) listen(pipe, child, listener);
  child.on("exit", (exitCode, signal) => {
    const late = setTimeout(() => hangUp(child), PATIENCE_MS);
    child.once("close", () => {
      clearTimeout(late);
      end({ exitCode, signal });
    });
  });
  return {
    output,
    post: (message) => sendFrame(pipe, message),
    kill: () => void child.kill("SIGKILL"),
    hold(isHeld) {
      for (const one of [child, pipe, stdout, stderr]) isHeld ? one?.ref() : one?.unref();
    },
  };
}

/** Whoever holds the other ends would keep this process alive. */
function hangUp({ stdio }: ChildProcess): void {
  for (const stream of stdio) stream?.destroy();
}

function listen(pipe: Socket, child: ChildProcess, listener: WorkerListener): void {
  const kill = (): void => void child.kill("SIGKILL");
  hearFrames(pipe, (message) => listener.heard(message as FromWorker), kill);
  // It has hung up, and can tell nothing any more: that is its end, should it not come by itself.
  pipe.on("close", () => {
    const late = setTimeout(kill, PATIENCE_MS).unref();
    child.once("exit", () => clearTimeout(late));
  });
}

interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly cause?: unknown;
}

function endingOnce(listener: WorkerListener, output: OutputTail): (end: ChildEnd) => void {
  let isOver = false;
  return (end) => {
    if (isOver) return;
    isOver = true;
    // A node may print the words, too; V8 aborts the process after them.
    const isCrash = end.signal !== null || end.exitCode === ABORTED;
    listener.ended({ ...end, isOutOfMemory: isCrash && output.toString().includes(OUT_OF_MEMORY) });
  };
}
