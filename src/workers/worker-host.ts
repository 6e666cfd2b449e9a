/** What runs in a worker, thread or process alike: hears calls, runs one function at a time, and says what came of it. */
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type MessagePort, parentPort } from "node:worker_threads";
import { decode } from "../session/codec.js";
import { sealStored } from "../state/seal.js";
import { readOutcome } from "../superstep/command.js";
import { openEnvelope } from "./error-envelope.js";
import { FRAMES_FD, hearFrames, sendFrame } from "./frames.js";
import { holdLifeline } from "./lifeline.js";
import { whileLoading } from "./loading.js";
import type { Argument, CallMessage, FromWorker, Printed, ToWorker } from "./messages.js";
import { functionOf } from "./node-module.js";
import { RemoteContext } from "./remote-context.js";
import { failedWith, settledWith } from "./settled.js";
import { States } from "./states.js";

/** Milliseconds for what was printed to leave. */
const PATIENCE_MS = 1_000;

const states = new States();
let present: { readonly id: number; readonly context: RemoteContext } | undefined;

const pipe = parentPort === null ? new Socket({ fd: FRAMES_FD }) : undefined;
if (pipe !== undefined) {
  hearFrames(pipe, (message) => hear(message as ToWorker), process.exit);
  // Whoever started this process is gone, and with it all that could be told.
  pipe.on("close", () => process.exit());
  holdLifeline();
}
if (parentPort !== null) {
  parentPort.on("message", hear);
  for (const stream of ["stdout", "stderr"] as const) process[stream].write = printing(parentPort, stream);
}
say({ kind: "ready" });

function say(message: FromWorker): void {
  if (parentPort !== null) parentPort.postMessage(message);
  else sendFrame(pipe, message);
}

function hear(message: ToWorker): void {
  if (message.kind === "ping") return say({ kind: "pong" });
  if (message.kind === "call") return void run(message);
  if (present?.id !== message.id) return;
  const { context } = present;
  if (message.kind === "abort") context.abort(openEnvelope(message.reason));
  else if (message.kind === "effect") void context.runEffect(message.place, message.idempotencyKey);
  else context.hear(message.place, message.settled);
}

/** Never rejects. */
async function run(call: CallMessage): Promise<void> {
  const { id } = call;
  try {
    const state = states.take(call.facts.sessionId, call);
    const context = new RemoteContext(call, say);
    present = { id, context };
    await settle(call, context, async () => {
      const fn = await whileLoading(() => functionOf(call.module));
      return fn(...call.args.map((argument) => argumentOf(argument, state, context)));
    });
  } catch (error) {
    say({ kind: "unread", id, settled: failedWith(error) });
  }
}

async function settle({ id, returns, facts }: CallMessage, context: RemoteContext, work: () => unknown): Promise<void> {
  const came = await Promise.resolve()
    .then(work)
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  present = undefined;
  const { asked } = context;
  if (asked !== undefined) return say({ kind: "asked", id, index: asked.index, payload: settledWith(asked.payload) });
  if ("error" in came) {
    await printed();
    return say({ kind: "settled", id, settled: failedWith(came.error), refused: false });
  }
  try {
    const settled = settledWith(returns === "value" ? came.value : readOutcome(facts.node, came.value));
    say({ kind: "settled", id, settled, refused: !settled.ok });
  } catch (error) {
    say({ kind: "settled", id, settled: failedWith(error), refused: true });
  }
}

/** In a thread: on the way that everything else takes, so that it comes before what is said after it, and is not lost with the thread. */
function printing(port: MessagePort, stream: Printed["stream"]): NodeJS.WriteStream["write"] {
  return (chunk: NodeJS.ArrayBufferView | string, ...more: readonly unknown[]): boolean => {
    const [encoding] = more;
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(chunk)
      ? chunk
      : Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8");
    // A copy of just these bytes: a view is sent with all that it is a view of.
    const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
    if (byteLength > 0) port.postMessage({ kind: "printed", stream, chunk: bytes } satisfies Printed, [bytes.buffer]);
    const done = more.find((one) => typeof one === "function") as (() => void) | undefined;
    done?.();
    return true;
  };
}

/** What it printed on the way is told with its failure; a node may have broken the streams, too. */
async function printed(): Promise<void> {
  const flushed = [process.stdout, process.stderr].map((stream) => {
    return new Promise((resolve) => stream.write("", resolve));
  });
  const late = sleep(PATIENCE_MS, undefined, { ref: false });
  await Promise.race([Promise.all(flushed), late]).catch(() => undefined);
}

function argumentOf(argument: Argument, state: object, context: RemoteContext): unknown {
  if (argument.kind === "state") return state;
  if (argument.kind === "context") return context;
  const value = decode(argument.text);
  sealStored(value);
  return value;
}
