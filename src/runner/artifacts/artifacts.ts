/** Artifacts as nodes and callers use them, on the runner's store. */
import { isUint8Array } from "node:util/types";
import { CheckpointConflictError, CheckpointError, InvalidOptionError } from "../../errors.js";
import type { Artifacts } from "../../graph/artifacts.js";
import { type ArtifactHolder, contentOfValue } from "../../session/artifact.js";
import { ArtifactRef } from "../../state/artifact-ref.js";
import type { Channels } from "../../state/channel.js";
import { seal } from "../../state/seal.js";
import type { Engine, Run } from "../run.js";
import type { Store } from "../store.js";
import type { Keeper } from "../supersteps/keeper.js";
import { piecesOf, readWhole } from "./reading.js";
import { copyOf, gathered, type Into, putStream, putWhole } from "./stream.js";

/** How long an artifact stays that a caller put and nothing refers to: a day, in milliseconds. */
const HELD_MS = 86_400_000;

/** What is different for whoever puts. */
interface Putting {
  readonly holder: () => ArtifactHolder;
  /** Comes before a put. */
  readonly saved?: () => Promise<void>;
  readonly failed?: (error: unknown) => void;
  /** Looked at only when a stream is put. */
  readonly signal?: () => AbortSignal;
}

/**
 * For a task: held by its session's head, so supersteps that are held back are saved first: else the head would change under a task that
 * runs. A store that fails is the superstep's failure, not the task's (C3).
 */
export function taskArtifacts<C extends Channels>(
  run: Run<C>,
  keeper: Keeper<C>,
  signal: () => AbortSignal,
): Artifacts {
  const { engine, sessionId, fence } = run;
  return artifactsOn(engine.store, {
    holder: () => ({ sessionId, fence }),
    saved: keeper.saved,
    failed: (error) => {
      if (error instanceof CheckpointError || error instanceof CheckpointConflictError) keeper.storeFailed(error);
    },
    signal,
  });
}

/** For a caller. */
export function callerArtifacts<C extends Channels>({ store, clock }: Engine<C>): Artifacts {
  return artifactsOn(store, { holder: () => ({ until: clock.now() + HELD_MS }) });
}

function artifactsOn(store: Store, putting: Putting): Artifacts {
  const { holder, signal } = putting;
  const writing = writingWith(putting);
  const into: Into = { store, holder, writing, signal: undefined };
  return {
    put: async (content) => {
      if (isUint8Array(content)) return putWhole(copyOf(content), into);
      return isStream(content) ? putStream(content, { ...into, signal: signal?.() }) : putValue(content, into);
    },
    get: async <T>(ref: ArtifactRef) => (await readWhole(store, checkRef(ref))) as T,
    open: (ref) => piecesOf(store, checkOpens(ref)),
  };
}

/** Of bytes and of streams of them, as they are at this moment: whoever has them may change them. Undefined: it is a value. */
export async function bytesIn(content: unknown, signal: AbortSignal): Promise<Uint8Array | undefined> {
  if (isUint8Array(content)) return copyOf(content);
  return isStream(content) ? gathered(content, signal) : undefined;
}

/** Throws InvalidOptionError for what cannot be given in pieces. */
export function checkOpens(ref: ArtifactRef): ArtifactRef {
  if (checkRef(ref).kind === "bytes") return ref;
  throw new InvalidOptionError("ref", "is of a value, which is read as one", "use `get`");
}

function checkRef(ref: ArtifactRef): ArtifactRef {
  if (ArtifactRef.is(ref)) return ref;
  throw new InvalidOptionError("ref", "is no ArtifactRef", "pass what `put` gave, or new ArtifactRef(…) of it");
}

async function putValue(value: unknown, { store, holder, writing }: Into): Promise<ArtifactRef> {
  seal(value, ["content"]);
  const content = contentOfValue(value);
  await writing(() => store.putArtifact({ ...content, holder: holder() }));
  return new ArtifactRef(content.digest, content.bytes.length, "value");
}

function writingWith({ saved, failed }: Putting): Into["writing"] {
  return async (write) => {
    try {
      await saved?.();
      return await write();
    } catch (error) {
      failed?.(error);
      throw error;
    }
  };
}

/** Of what does not let itself be looked at, `seal` says that it cannot be stored. */
function isStream(value: unknown): value is AsyncIterable<unknown> {
  try {
    return typeof (value as AsyncIterable<unknown>)[Symbol.asyncIterator] === "function" && typeof value === "object";
  } catch {
    return false;
  }
}
