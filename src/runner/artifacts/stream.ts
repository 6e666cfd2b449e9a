/**
 * Streams of bytes on their way into a store: a piece at a time, so that one costs the memory of a few pieces, however long it is. The
 * stream is asked for more when the store has what it gave. What does not come to its end leaves nothing behind.
 */
import { randomUUID } from "node:crypto";
import { isReadable, Readable } from "node:stream";
import { isUint8Array } from "node:util/types";
import { InvalidOptionError } from "../../errors.js";
import { ARTIFACT_PIECE, type ArtifactHolder, contentOfBytes, RunningDigest } from "../../session/artifact.js";
import { ArtifactRef } from "../../state/artifact-ref.js";
import type { Awaitable } from "../../superstep/thenable.js";
import type { Pieces, Store } from "../store.js";

/** Where a stream goes. */
export interface Into {
  readonly store: Store;
  readonly holder: () => ArtifactHolder;
  /** Stands around each write. */
  readonly writing: (write: () => Awaitable<void>) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** Keeps a stream. Throws what it throws, and InvalidOptionError when it gives anything but bytes. */
export async function putStream(stream: AsyncIterable<unknown>, into: Into): Promise<ArtifactRef> {
  const { pieces } = into.store;
  if (pieces === undefined) return putWhole(await gathered(stream, into.signal), into);
  const draft = new Draft(pieces, into);
  try {
    for await (const piece of inPieces(stream, into.signal)) await draft.add(piece);
    return await draft.keep();
  } catch (error) {
    await draft.drop();
    throw error;
  }
}

/** Keeps bytes that nobody changes any more. */
export async function putWhole(bytes: Uint8Array, { store, holder, writing }: Into): Promise<ArtifactRef> {
  const content = contentOfBytes(bytes);
  await writing(() => store.putArtifact({ ...content, holder: holder() }));
  return new ArtifactRef(content.digest, bytes.length, "bytes");
}

/** All bytes of a stream. Throws as `putStream`. */
export async function gathered(stream: AsyncIterable<unknown>, signal?: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of inPieces(stream, signal)) pieces.push(piece);
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
}

/** Bytes as they are at this moment: whoever has them may change them. Throws InvalidOptionError. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw handedOn();
  }
}

function handedOn(): InvalidOptionError {
  return new InvalidOptionError("content", "has bytes that were handed on", "put them before they are transferred");
}

/** Content in the store that has no digest yet. One piece waits for the next: content of one piece takes no draft. */
class Draft {
  readonly #name = randomUUID();
  readonly #digest = new RunningDigest();
  readonly #pieces: Pieces;
  readonly #into: Into;
  #last: Uint8Array | undefined;
  #written = 0;

  constructor(pieces: Pieces, into: Into) {
    this.#pieces = pieces;
    this.#into = into;
  }

  async add(piece: Uint8Array): Promise<void> {
    const former = this.#last;
    this.#last = piece;
    if (former !== undefined) await this.#write(former);
  }

  async keep(): Promise<ArtifactRef> {
    const last = this.#last ?? new Uint8Array();
    if (this.#written === 0) return putWhole(last, this.#into);
    await this.#write(last);
    const { holder, writing } = this.#into;
    const [digest, size] = [this.#digest.digest, this.#written];
    await writing(() => this.#pieces.keep({ name: this.#name, digest, size, holder: holder() }));
    return new ArtifactRef(digest, size, "bytes");
  }

  /** What cannot be removed goes with the next prune: the failure that it is about counts. */
  async drop(): Promise<void> {
    if (this.#written === 0) return;
    try {
      await this.#pieces.drop(this.#name);
    } catch {
      // the store is asked for nothing else
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { holder, writing } = this.#into;
    const at = this.#written;
    this.#written += bytes.length;
    this.#digest.add(bytes);
    await writing(() => this.#pieces.add({ name: this.#name, at, bytes, holder: holder() }));
  }
}

/** The same bytes in pieces of one size, but for the last one. */
async function* inPieces(stream: AsyncIterable<unknown>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const piece = new Piece();
  for await (const chunk of untilAborted(stream, signal)) {
    if (!isUint8Array(chunk))
      throw new InvalidOptionError("content", `is a stream that gives a ${typeof chunk}`, "give a stream of bytes");
    for (let at = 0, taken = -1; taken !== 0; at += taken) {
      taken = piece.take(restOf(chunk, at));
      if (piece.isFull) yield piece.cut();
    }
  }
  if (!piece.isEmpty) yield piece.cut();
}

/** Throws InvalidOptionError. */
function restOf(chunk: Uint8Array, at: number): Uint8Array {
  try {
    return chunk.subarray(at);
  } catch {
    throw handedOn();
  }
}

/** Grows with what it takes, so that many short streams do not cost a piece each. */
class Piece {
  #bytes = new Uint8Array();
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }
  get isFull(): boolean {
    return this.#size === ARTIFACT_PIECE;
  }

  /** Gives how many of the bytes it has taken. */
  take(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, ARTIFACT_PIECE - this.#size);
    const size = this.#size + taken.length;
    if (size > this.#bytes.length) this.#grow(Math.min(Math.max(size, 2 * this.#bytes.length), ARTIFACT_PIECE));
    this.#bytes.set(taken, this.#size);
    this.#size = size;
    return taken.length;
  }

  cut(): Uint8Array {
    const cut = this.#bytes.subarray(0, this.#size);
    this.#bytes = new Uint8Array();
    this.#size = 0;
    return cut;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(length);
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
  }
}

/** What a stream gives until the signal is aborted: then its reason is thrown, though the stream may be silent, and the stream is told to end. */
async function* untilAborted(
  stream: AsyncIterable<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, void, void> {
  const iterator = iteratorOf(stream);
  let isOver = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await orAborted(iterator.next(), signal);
      if (next.done === true) {
        isOver = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!isOver) await leave(iterator, signal);
  }
}

/** Streams that are waited for are left at once; a generator hears of it when it says something. */
function iteratorOf(stream: AsyncIterable<unknown>): AsyncIterator<unknown> {
  if (stream instanceof ReadableStream) {
    checkFresh(stream as NodeJS.ReadableStream & ReadableStream, stream.locked);
    const reader = stream.getReader() as ReadableStreamDefaultReader<unknown>;
    const left = async (): Promise<IteratorResult<unknown>> => ({ done: true, value: await reader.cancel() });
    return { next: async () => (await reader.read()) as IteratorResult<unknown>, return: left };
  }
  const iterator = stream[Symbol.asyncIterator]();
  if (!(stream instanceof Readable)) return iterator;
  checkFresh(stream, false);
  return {
    next: () => iterator.next() as Promise<IteratorResult<unknown>>,
    return: async () => ({ done: true, value: stream.destroy() }),
  };
}

/** One that was read to its end would be taken for one of nothing. */
function checkFresh(stream: NodeJS.ReadableStream, isLocked: boolean): void {
  if (isLocked) refuse("is a stream that somebody else reads");
  if (Readable.isDisturbed(stream) && !isReadable(stream)) refuse("is a stream that was read before, or destroyed");
}

function refuse(problem: string): never {
  throw new InvalidOptionError("content", problem, "put a stream that nobody has read");
}

async function leave(iterator: AsyncIterator<unknown>, signal: AbortSignal | undefined): Promise<void> {
  try {
    const leaving = iterator.return?.();
    if (leaving !== undefined) await orAborted(leaving, signal);
  } catch {
    // why it was left counts
  }
}

function orAborted<T>(work: PromiseLike<T>, signal: AbortSignal | undefined): PromiseLike<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    const over = (tell: () => void): void => {
      signal.removeEventListener("abort", abort);
      tell();
    };
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    work.then(
      (value) => over(() => resolve(value)),
      (error: unknown) => over(() => reject(error)),
    );
  });
}
