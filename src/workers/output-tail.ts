/** The last that a worker has printed. Its output is read always: a pipe that nobody reads stops whoever writes to it. */
import type { Readable, Writable } from "node:stream";

/** Bytes that are kept. */
const TAIL_BYTES = 8_192;

/** Turns of the event loop without a byte, after which there are none on their way; and the most that are waited for. */
const QUIET_TURNS = 8;
const MOST_TURNS = 2_000;

export class OutputTail {
  #bytes = Buffer.alloc(0);
  #read = 0;

  /** Reads a stream until it ends; `print`: where it is also written. */
  drain(stream: Readable, print: Writable | undefined): void {
    stream.on("data", (chunk: Buffer) => this.take(chunk, print));
    // It ends with its worker, which is told elsewhere.
    stream.on("error", () => undefined);
  }

  take(chunk: Uint8Array, print: Writable | undefined): void {
    if (print !== undefined) printTo(print, chunk);
    this.#read += chunk.length;
    this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-TAIL_BYTES);
  }

  /** Resolves when nothing more comes at the moment: what was printed just now may still be on its way. */
  async quiet(): Promise<void> {
    let heard = this.#read;
    for (let turn = 0, silent = 0; turn < MOST_TURNS && silent < QUIET_TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      silent = this.#read === heard ? silent + 1 : 0;
      heard = this.#read;
    }
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
  }

  toString(): string {
    return this.#bytes.toString("utf8");
  }
}

/** As the console does: that nobody reads any more what is printed here ends no process. */
function printTo(stream: Writable, chunk: Uint8Array): void {
  // Node pipes threads into it, which listens too, and throws when nobody else does.
  if (!stream.listeners("error").includes(ignore)) stream.once("error", ignore);
  stream.write(chunk);
}

function ignore(): void {}
