/**
 * Messages between two processes, over a pipe of their own: a mark, the length, the message as V8 clones it. Node's own channel would do, were
 * it not that whatever a node writes there is read by the runner's event loop, which may die of it.
 */
import type { Socket } from "node:net";
import { deserialize, serialize } from "node:v8";

/** The pipe's place among the streams of a worker's process. */
export const FRAMES_FD = 3;

const MARK = 0x53_75_70_65;
const HEADER_BYTES = 8;
/** What says that it is longer was never written by a worker. */
const MOST_BYTES = 2 ** 31 - 1;

export function frameOf(message: unknown): Buffer {
  const body = serialize(message);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MARK, 0);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

/** Does nothing once the pipe is closed: that has an end which is told by itself. */
export function sendFrame(pipe: Socket | undefined, message: unknown): void {
  if (pipe?.writable === true) pipe.write(frameOf(message));
}

/** `garbled`: what came is no message, and nothing that comes after it is looked at. */
export function hearFrames(pipe: Socket, heard: (message: unknown) => void, garbled: () => void): void {
  const reader = new FrameReader(heard);
  pipe.on("data", (chunk: Buffer) => {
    if (!reader.take(chunk)) garbled();
  });
  // It ends with its process, which is told elsewhere.
  pipe.on("error", () => undefined);
}

class FrameReader {
  readonly #heard: (message: unknown) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  #wanted = HEADER_BYTES;
  #isInBody = false;
  #isGarbled = false;

  constructor(heard: (message: unknown) => void) {
    this.#heard = heard;
  }

  /** False: it is no message. */
  take(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (!this.#isGarbled && this.#held >= this.#wanted) this.#isGarbled = !this.#read(this.#cut());
    if (this.#isGarbled) this.#chunks = [];
    return !this.#isGarbled;
  }

  #read(part: Buffer): boolean {
    this.#isInBody = !this.#isInBody;
    if (!this.#isInBody) {
      this.#wanted = HEADER_BYTES;
      return this.#tell(part);
    }
    this.#wanted = part.readUInt32BE(4);
    return part.readUInt32BE(0) === MARK && this.#wanted <= MOST_BYTES;
  }

  #tell(body: Buffer): boolean {
    let message: unknown;
    try {
      message = deserialize(body);
    } catch {
      return false;
    }
    this.#heard(message);
    return true;
  }

  /** The next bytes that are wanted, in one piece. */
  #cut(): Buffer {
    const [first] = this.#chunks;
    const all = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#held);
    this.#held -= this.#wanted;
    this.#chunks = this.#held > 0 ? [all.subarray(this.#wanted)] : [];
    return all.subarray(0, this.#wanted);
  }
}
