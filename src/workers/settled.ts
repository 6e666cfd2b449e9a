/** Values and failures on their way between a worker and its runner. */
import { decode, encode } from "../session/codec.js";
import { seal } from "../state/seal.js";
import { type ErrorEnvelope, envelopeOf, openEnvelope } from "./error-envelope.js";

/** A value, as text or as plain bytes, or why there is none. */
export type Settled =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: ErrorEnvelope };

/** What cannot be stored is told as the error that says where. Never throws. */
export function settledWith(value: unknown): Settled {
  try {
    if (isBytes(value)) return { ok: true, bytes: alone(value) };
    seal(value);
    return { ok: true, text: encode(value) };
  } catch (error) {
    return failedWith(error);
  }
}

/** What comes of the work. Never rejects. */
export async function settledBy(work: () => unknown): Promise<Settled> {
  try {
    return settledWith(await work());
  } catch (error) {
    return failedWith(error);
  }
}

export function failedWith(error: unknown): Settled {
  return { ok: false, error: envelopeOf(error) };
}

/** The value. Throws the failure, and SerializationError for a value of a class that is not known here. */
export function valueIn(settled: Settled): unknown {
  if (!settled.ok) throw openEnvelope(settled.error);
  return "bytes" in settled ? alone(settled.bytes) : decode(settled.text);
}

/** The value, or the failure, also of reading it: the other side may know classes that are not known here. Never throws. */
export function told(settled: Settled): unknown {
  try {
    return valueIn(settled);
  } catch (failure) {
    return failure;
  }
}

/** A view is sent with all that it is a view of, and what came over a pipe is a view of all that came with it. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** Not of a subclass, and not shared: those are codec's. */
function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Uint8Array.prototype)
    return false;
  return (value as Uint8Array).buffer instanceof ArrayBuffer;
}
