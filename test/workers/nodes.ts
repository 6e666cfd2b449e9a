/** Functions that tests run in workers. Compiled into a module of its own, beside the host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { MessageChannel, parentPort, threadId } from "node:worker_threads";
import { ArtifactRef, Command, END, type NodeContext, registerClass, Send } from "../../src/index.js";
import { FRAMES_FD, frameOf } from "../../src/workers/frames.js";

interface State {
  readonly log: readonly unknown[];
  readonly total: number;
}

/** What a node does is said by the first word of its name. */
export async function act(state: State, ctx: NodeContext): Promise<unknown> {
  const [habit = ""] = ctx.node.split(" ");
  const seen = { node: ctx.node, log: state.log.length, total: state.total, input: ctx.input, config: ctx.config };
  const update = { log: [seen], total: 1 };
  switch (habit) {
    case "asks":
      return { log: [ctx.interrupt({ who: ctx.node }), ctx.interrupt("and?")], total: 1 };
    case "retried":
      if (ctx.attempt === 1) throw new RangeError("not yet");
      return { log: [ctx.attempt] };
    case "fails":
      throw Object.assign(new TypeError(`no: ${ctx.node}`, { cause: new RangeError("why") }), { code: "E_NO", at: 7 });
    case "throws":
      throw { plain: [ctx.node, undefined, 1n] };
    case "remembers":
      return { log: [await ctx.once("a key", () => ({ big: 10n, when: new Date(5) }))] };
    case "sends":
      return new Command({ update, goto: [new Send("leaf", 1), new Send("leaf", { two: [2] })], mode: "append" });
    case "ends":
      return [new Command({ update }), new Command({ goto: END })];
    case "returns":
      return { log: [() => 1] };
    case "nothing":
      return undefined;
    case "bare":
      return new Send("leaf", 1);
    default:
      return update;
  }
}

export function double(state: { readonly n: number }): unknown {
  return { n: state.n * 2 };
}

/** Says where it runs, before it tells that, which call of its module this is, and what it was given. */
let calls = 0;
export function whereabouts(item: unknown, ctx: NodeContext): unknown {
  ctx.emit(process.pid);
  return { pid: process.pid, call: ++calls, item, attempt: ctx.attempt };
}

/** Leaves a line behind before it returns. */
export function leaveLine(item: { readonly file: string; readonly line: string }): string {
  appendFileSync(item.file, `${item.line}\n`);
  return item.line;
}

export function mutter(): never {
  console.log("almost there");
  return loop();
}
export function loop(): never {
  for (;;);
}
/** Loops once it has said its process id to whoever listens; the connection closes when its process ends. */
export async function callAndLoop(_: unknown, ctx: NodeContext): Promise<never> {
  const line = connect(Number(ctx.config.port), "127.0.0.1");
  await once(line, "connect");
  await new Promise((resolve) => line.write(String(process.pid), resolve));
  return loop();
}
export function exit(_: unknown, ctx: NodeContext): never {
  console.log("leaving");
  process.exit(Number(ctx.config.exitCode));
}
export function exhaust(): never {
  const kept: number[][] = [];
  for (;;) kept.push(new Array<number>(100_000).fill(1.5));
}
export function shout(): unknown {
  console.log("x".repeat(10_000_000));
  console.error("and out");
  throw new Error("hoarse");
}
export function boast(): unknown {
  for (let line = 0; line < 10_000; line++) console.log("x".repeat(1_000));
  return {};
}

/** Says on its worker's channel what no worker of ours says. */
export async function babble(): Promise<unknown> {
  const printed = { kind: "printed", stream: "stdout", chunk: new Uint8Array(1) };
  const call = { id: 1, place: 0 };
  const words: readonly unknown[] = [
    ...[
      null,
      undefined,
      5,
      "ready",
      [],
      {},
      { kind: "printed" },
      { ...printed, chunk: 5 },
      { ...printed, stream: "exit" },
    ],
    ...[{ kind: "pong" }, { ...call, kind: "no such" }, { ...call, kind: "emit" }, { ...call, kind: "effected" }],
    ...[
      { ...call, kind: "once", key: {} },
      { ...call, kind: "put" },
      { kind: "settled", id: 7 },
    ],
  ];
  for (const word of words) {
    if (parentPort !== null) parentPort.postMessage(word);
    else writeSync(FRAMES_FD, frameOf(word));
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  return {};
}

/** Says on its worker's channel what there is no answer to: "asked", a question that has one; else, to be told at a place that cannot be sent. */
export async function forge(_: unknown, ctx: NodeContext): Promise<unknown> {
  if (ctx.config.what === "asked") ctx.interrupt("first");
  const { port1 } = new MessageChannel();
  const text = { ok: true, text: "[1]" };
  const id = Number(ctx.config.id);
  if (ctx.config.what !== "asked") parentPort?.postMessage({ kind: "once", id, place: port1, key: "key" }, [port1]);
  else if (parentPort === null) writeSync(FRAMES_FD, frameOf({ kind: "asked", id, index: 0, payload: text }));
  else parentPort.postMessage({ kind: "asked", id, index: 0, payload: text });
  return new Promise(() => undefined);
}

/** Prints, and goes on until it is told to stop. */
export function grumble(_: unknown, ctx: NodeContext): Promise<never> {
  console.log("grumbling");
  return heed(_, ctx);
}

/** Leaves a process behind that holds what this one prints to; gives its process id. */
export function bequeath(): unknown {
  const heir = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "inherit" });
  heir.unref();
  return { n: heir.pid };
}

/** Says where it works; what it does then is said by the first word of its name. */
export async function workTogether(state: { readonly list: readonly string[] }, ctx: NodeContext): Promise<unknown> {
  ctx.emit(process.pid);
  const [habit = ""] = ctx.node.split(" ");
  const says = (what: string) => ({ list: [`${ctx.node}: ${what}, after ${state.list.length}`] });
  switch (habit) {
    case "asks":
      return says(`${ctx.interrupt(ctx.node)} and ${ctx.interrupt("and?")}`);
    case "remembers":
      return says(await ctx.once("a key", () => "remembered"));
    case "keeps": {
      const ref = (await ctx.artifacts.put(new Uint8Array(5_000).fill(7))) as ArtifactRef;
      const { length } = await ctx.artifacts.get<Uint8Array>(ref);
      return { ...says(`${length}`), kept: [ref] };
    }
    case "swells":
      return says("x".repeat(500));
    default:
      return says("worked");
  }
}

/** Prints what is no text and no bytes. */
export function printNumbers(): unknown {
  process.stdout.write(new Uint16Array([0x6f6f]) as never);
  throw new Error("printed");
}

/** Writes where its runner listens, what no worker would say there. */
export function scribble(_: unknown, ctx: NodeContext): Promise<never> {
  const bytes = { zeros: Buffer.alloc(64), text: Buffer.from("hello, it is me"), endless: Buffer.alloc(1_000, 0xff) };
  writeSync(FRAMES_FD, bytes[ctx.config.what as keyof typeof bytes]);
  return new Promise(() => setInterval(() => undefined, 1_000));
}

/** Hangs up on its runner, and stays. */
export function hangUp(): Promise<never> {
  process.removeAllListeners("exit");
  closeSync(FRAMES_FD);
  return new Promise(() => setInterval(() => undefined, 1_000));
}
export function claimMemory(): never {
  console.error("JavaScript heap out of memory, says the node");
  process.exit(1);
}
export function ask(_: unknown, ctx: NodeContext): unknown {
  return { n: ctx.interrupt("the node") };
}

class Refusal extends RangeError {
  readonly code = "E_REFUSED";
  constructor(
    readonly reasons: readonly string[],
    cause: unknown,
  ) {
    super("refused", { cause });
    this.name = "Refusal";
  }
}
export function refuse(): never {
  throw new Refusal(["a", "b"], new TypeError("deep", { cause: "deepest" }));
}

/** Does not look at its signal before it was told to stop, then ends well. */
export function heed(_: unknown, ctx: NodeContext): Promise<never> {
  ctx.emit("begun");
  return new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
}

export function chat(_: unknown, ctx: NodeContext): unknown {
  ctx.progress(1, 2, "half");
  ctx.emit({ token: 1n });
  ctx.emit(() => 1);
  return { n: [typeof ctx.now(), ctx.random() < 1, ctx.id().startsWith(ctx.taskId), ctx.signal.aborted] };
}

export async function onceMore(_: unknown, ctx: NodeContext): Promise<unknown> {
  const fails = await ctx.once("fails", () => Promise.reject(new RangeError("effect"))).catch((error) => error.message);
  const twice = await Promise.allSettled([ctx.once("same", () => 1), ctx.once("same", () => 2)]);
  const keys = await Promise.all(["a", "b"].map((key) => ctx.once(key, ({ idempotencyKey }) => idempotencyKey)));
  const noKey = await ctx.once((() => "key") as never, () => 1).catch(({ code }) => code);
  return { n: [fails, noKey, twice.map(({ status }) => status), keys.map((key) => key.startsWith(ctx.taskId))] };
}

/** A timer that is left behind, and throws when nobody owes anything any more. */
export function timebomb(): unknown {
  setTimeout(() => {
    throw new Error("too late");
  }, 1);
  return {};
}
export const noFunction = 1;

/** Pays once; the first attempt ends with its worker. */
export async function payThenDie(_: unknown, ctx: NodeContext): Promise<unknown> {
  const here = `${process.pid}.${threadId}`;
  const paidBy = await ctx.once("pay", () => here);
  if (ctx.attempt === 1) process.exit(1);
  return { n: [paidBy, here] };
}

export function whereIs(): unknown {
  return { n: process.pid };
}

/** Puts bytes, a stream of them and a value; gets them back, and what is not there. */
export async function keep(_: unknown, { artifacts }: NodeContext): Promise<unknown> {
  const bytes = new Uint8Array([1, 2, 3]);
  const stream = (async function* () {
    yield bytes;
    yield Buffer.from([4]);
  })();
  const refs = [await artifacts.put(bytes), await artifacts.put(stream), await artifacts.put({ big: 1n })];
  const values = await Promise.all(refs.map((ref) => artifacts.get(ref)));
  const wrong = await artifacts.get("nothing" as never).catch(({ code }) => code);
  const lost = await artifacts.get(new ArtifactRef(`sha256-${"0".repeat(64)}`, 1, "bytes")).catch(({ code }) => code);
  const refused = await artifacts.put({ no: () => 1 }).catch(({ code }) => code);
  return { n: { refs, values, codes: [wrong, lost, refused] } };
}

/** How many bytes there are around three that were kept, and the three. */
export async function keepApart(_: unknown, { artifacts }: NodeContext): Promise<unknown> {
  const kept = await artifacts.get<Uint8Array>(await artifacts.put(new Uint8Array([1, 2, 3])));
  return { n: { here: kept.buffer.byteLength, kept } };
}

/** Something large, kept apart. */
export function draw(item: number, { artifacts }: NodeContext): Promise<ArtifactRef> {
  return artifacts.put(new Uint8Array(10_000 * item).fill(item));
}
/** Reads it all again, once it has failed once. */
export async function weigh(state: { readonly drawn: readonly ArtifactRef[] }, ctx: NodeContext): Promise<unknown> {
  if (ctx.attempt === 1) throw new RangeError("not yet");
  const contents = await Promise.all(state.drawn.map((ref) => ctx.artifacts.get<Uint8Array>(ref)));
  return { sizes: await ctx.once("weigh", () => contents.map(({ length }) => length)) };
}

export function same(item: unknown): unknown {
  return item;
}

/** Known where this module is loaded, and nowhere else. */
class OnlyHere {
  readonly kept = 1;
}
registerClass("OnlyHere", OnlyHere, { encode: ({ kept }) => kept, decode: () => new OnlyHere() });

export function foreign(_: unknown, ctx: NodeContext): unknown {
  if (ctx.config.how === "emitted") ctx.emit(new OnlyHere());
  if (ctx.config.how === "thrown") throw new OnlyHere();
  if (ctx.config.how === "beside") throw Object.assign(new RangeError("beside"), { odd: new OnlyHere(), even: 2 });
  if (ctx.config.how === "asked") ctx.interrupt(new OnlyHere());
  return ctx.config.how === "returned" ? { n: new OnlyHere() } : {};
}
export async function foreignEffect(_: unknown, ctx: NodeContext): Promise<unknown> {
  return { n: await ctx.once("effect", () => new OnlyHere()).catch(({ code }) => code) };
}

/** An environment variable of the worker. */
export function variable(name: string): string {
  return process.env[name] ?? "unset";
}
