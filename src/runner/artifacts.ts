/** Artifacts as nodes and callers use them, on the runner's store. */
import { ArtifactNotFoundError, CheckpointConflictError, CheckpointError, InvalidOptionError } from "../errors.js";
import type { Artifacts } from "../graph/artifacts.js";
import {
  type ArtifactContent,
  type ArtifactHolder,
  contentOfBytes,
  contentOfValue,
  readContent,
} from "../session/artifact.js";
import { ArtifactRef } from "../state/artifact-ref.js";
import type { Channels } from "../state/channel.js";
import { seal } from "../state/seal.js";
import type { Keeper } from "./keeper.js";
import type { Engine, Run } from "./run.js";
import type { Store } from "./store.js";

/** How long an artifact stays that a caller put and nothing refers to: a day, in milliseconds. */
const HELD_MS = 86_400_000;

/** What is different for whoever puts. */
interface Putting {
  readonly holder: () => ArtifactHolder;
  /** Comes before a put. */
  readonly saved?: () => Promise<void>;
  readonly failed?: (error: unknown) => void;
}

/**
 * For a task: held by its session's head, so supersteps that are held back are saved first: else the head would change under a task that
 * runs. A store that fails is the superstep's failure, not the task's (C3).
 */
export function taskArtifacts<C extends Channels>(run: Run<C>, keeper: Keeper<C>): Artifacts {
  const { engine, sessionId, fence } = run;
  return artifactsOn(engine.store, {
    holder: () => ({ sessionId, fence }),
    saved: keeper.saved,
    failed: (error) => {
      if (error instanceof CheckpointError || error instanceof CheckpointConflictError) keeper.storeFailed(error);
    },
  });
}

/** For a caller. */
export function callerArtifacts<C extends Channels>({ store, clock }: Engine<C>): Artifacts {
  return artifactsOn(store, { holder: () => ({ until: clock.now() + HELD_MS }) });
}

function artifactsOn(store: Store, { holder, saved, failed }: Putting): Artifacts {
  return {
    put: async (value) => {
      const bytes = await bytesIn(value);
      const kind = bytes === undefined ? "value" : "bytes";
      const content = bytes === undefined ? contentOf(value) : contentOfBytes(bytes);
      try {
        await saved?.();
        await store.putArtifact({ ...content, holder: holder() });
      } catch (error) {
        failed?.(error);
        throw error;
      }
      return new ArtifactRef(content.digest, content.bytes.length, kind);
    },
    get: async <T>(ref: ArtifactRef): Promise<T> => {
      if (!ArtifactRef.is(ref))
        throw new InvalidOptionError("ref", "is no ArtifactRef", "pass what `put` gave, or new ArtifactRef(…) of it");
      const bytes = await store.artifact(ref.digest);
      if (bytes === undefined) throw new ArtifactNotFoundError(ref.digest);
      return readContent(ref, bytes) as T;
    },
  };
}

/** Of bytes and of streams of them, as they are at this moment: whoever has them may change them. Undefined: it is a value. */
export async function bytesIn(content: unknown): Promise<Uint8Array | undefined> {
  if (content instanceof Uint8Array) return copyOf(content);
  return isAsyncIterable(content) ? gathered(content) : undefined;
}

function contentOf(value: unknown): ArtifactContent {
  seal(value, ["content"]);
  return contentOfValue(value);
}

async function gathered(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) {
    if (!(part instanceof Uint8Array))
      throw new InvalidOptionError("content", `is a stream that gives a ${typeof part}`, "give a stream of bytes");
    parts.push(copyOf(part));
  }
  return Buffer.concat(parts);
}

function copyOf(bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw new InvalidOptionError("content", "has bytes that were handed on", "put them before they are transferred");
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
