/** A store in memory that takes and gives artifacts in pieces: held as artifacts are, by being one under a name that is no digest. */
import { CheckpointError, type Checkpointer, MemoryCheckpointer } from "superstep";

type PieceMethod = "draftArtifact" | "keepDraft" | "dropDraft" | "artifactRange";
type Methods = Required<Pick<Checkpointer, PieceMethod>>;

/** `mistakes`: what is done in place of some of it. */
export function inPieces(mistakes: (inner: MemoryCheckpointer, right: Methods) => Partial<Methods>): Checkpointer {
  const inner = new MemoryCheckpointer();
  const found = (name: string): Uint8Array => {
    const bytes = inner.artifact(`draft-${name}`);
    if (bytes === undefined) throw new CheckpointError("keep an artifact", new TypeError("it is gone"));
    return bytes;
  };
  const right: Methods = {
    draftArtifact: ({ name, at, bytes, holder }) => {
      const whole = Buffer.concat([at === 0 ? new Uint8Array() : found(name), bytes]);
      inner.putArtifact({ digest: `draft-${name}`, bytes: whole, mentions: [], holder });
    },
    keepDraft: ({ name, digest, holder }) => inner.putArtifact({ digest, bytes: found(name), mentions: [], holder }),
    dropDraft: () => undefined,
    artifactRange: (digest, from, length) => inner.artifact(digest)?.slice(from, from + length),
  };
  return Object.assign(inner, right, mistakes(inner, right));
}
