/** Workers that are processes of their own. */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
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
  const { host, env = process.env, execArgv = process.execArgv, memoryMb, print } = spec;
  const memory = memoryMb === undefined ? [] : [`--max-old-space-size=${memoryMb}`];
  const child = spawn(process.execPath, [...execArgv, ...memory, fileURLToPath(host)], {
    env: { ...env },
    // The last one is the lifeline.
    stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
    serialization: "advanced",
  });
  const output = new OutputTail();
  const end = endingOnce(listener, output);
  child.on("error", (cause) => end({ exitCode: null, signal: null, cause }));
  // A process for which there were no descriptors left has none.
  const [, stdout, stderr, , lifeline] = (child.stdio ?? []) as readonly (Socket | undefined)[];
  if (stdout !== undefined) output.drain(stdout, print ? process.stdout : undefined);
  if (stderr !== undefined) output.drain(stderr, print ? process.stderr : undefined);
  lifeline?.on("error", () => undefined).resume();
  lifeline?.unref();
  child.on("message", (message: FromWorker) => listener.heard(message));
  child.on("exit", (exitCode, signal) => {
    const late = setTimeout(() => end({ exitCode, signal }), PATIENCE_MS);
    child.once("close", () => {
      clearTimeout(late);
      end({ exitCode, signal });
    });
  });
  // It has hung up, and can tell nothing any more: that is its end, should it not come by itself.
  child.on("disconnect", () => {
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    child.once("exit", () => clearTimeout(late));
  });
  return {
    output,
    // A channel that is closed has an end that is told by itself.
    post: (message) => void (child.connected && child.send(message, () => undefined)),
    kill: () => void child.kill("SIGKILL"),
    hold(isHeld) {
      for (const one of [child, child.channel, stdout, stderr]) isHeld ? one?.ref() : one?.unref();
    },
  };
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
