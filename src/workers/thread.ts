/** Workers that are threads of this process. */
import { Worker } from "node:worker_threads";
import { type FromWorker, isPrinted, type Printed } from "./messages.js";
import { OutputTail } from "./output-tail.js";
import type { StartedWorker, WorkerListener, WorkerSpec } from "./started-worker.js";

export function startThread(spec: WorkerSpec, listener: WorkerListener): StartedWorker {
  const { host, env, execArgv, memoryMb, print } = spec;
  const worker = new Worker(host, {
    ...(env && { env: { ...env } }),
    ...(execArgv && { execArgv: [...execArgv] }),
    ...(memoryMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
  });
  const output = new OutputTail();
  let cause: unknown;
  worker.on("message", (message: FromWorker | Printed) => {
    if (isPrinted(message)) output.take(message.chunk, print ? process[message.stream] : undefined);
    else listener.heard(message);
  });
  worker.on("error", (error) => {
    cause = error;
  });
  worker.on("exit", (exitCode) => {
    const isOutOfMemory = (cause as { readonly code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY";
    listener.ended({ exitCode, signal: null, isOutOfMemory, ...(cause !== undefined && { cause }) });
  });
  return {
    output,
    post: (message) => worker.postMessage(message),
    kill: () => void worker.terminate(),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
  };
}
