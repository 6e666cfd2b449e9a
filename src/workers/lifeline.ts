/**
 * A pipe between a process and the one that has started it, on which nothing is ever said: it closes when either is gone, whatever it died of.
 * A thread listens to it here, because a node may never let go of the event loop.
 */
import { Worker } from "node:worker_threads";

/** Its place among the streams of the process. */
const LIFELINE_FD = 4;
/** Milliseconds for what a process that can still hear has to do before it exits. */
const GRACE_MS = 1_000;

/** Plain text, so that there is no file to be found. A process that was started without a lifeline has none to listen to. */
const LISTENER = `
const { Socket } = require("node:net");
try {
  const lifeline = new Socket({ fd: ${LIFELINE_FD} });
  lifeline.on("error", () => undefined);
  lifeline.on("close", () => setTimeout(() => process.kill(process.pid, "SIGKILL"), ${GRACE_MS}));
  lifeline.resume();
} catch {}
`;

/** Ends this process by force once the one that has started it is gone. */
export function holdLifeline(): void {
  const listener = new Worker(LISTENER, {
    eval: true,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  // Without it the process ends with its last word as before.
  listener.on("error", () => undefined);
  listener.unref();
}
