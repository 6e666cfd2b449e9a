/** Stores whose artifacts get one thing wrong. */
import { ArtifactNotFoundError } from "superstep";
import { type BrokenStore, broken, insteadOf } from "./broken-store.js";
import { inPieces } from "./in-pieces.js";

const KEPT = "an artifact is given as it was put, once for all who put it, as bytes of one's own";
const STAYS = "T6: what anything refers to that can be read stays, whoever is pruned and deleted";
const GOES = "T6: pruning and deleting take the artifacts that nothing refers to, and pruning counts their bytes";
const HELD = "T6: what was put for a session stays until its next commit, what a caller put until its time";
const REFUSED =
  "a commit or an artifact that refers to an artifact that is not there is refused, and nothing of it is written";
const FENCED = "C4: who was taken over from puts no artifact";
const SAME = "an artifact that came in pieces is as one that was put whole, and is given from any place on";
const DRAFTED = "T6: a draft is held as an artifact is, and goes as one does";
const AGAIN = "T6: what is put again in pieces stays for all that referred to it";
const FENCED_DRAFT = "C4: who was taken over from adds to no draft, and keeps none";
const FOR_EVER = { until: Number.MAX_SAFE_INTEGER };

export const brokenArtifacts: readonly BrokenStore[] = [
  broken("gives the bytes that it keeps", KEPT, () => {
    const given = new Map<string, Uint8Array | undefined>();
    return {
      artifact: (inner, digest) => {
        if (given.get(digest) === undefined) given.set(digest, inner.artifact(digest));
        return given.get(digest);
      },
    };
  }),
  broken("takes no bytes for no artifact", KEPT, {
    artifact: (inner, digest) => {
      const bytes = inner.artifact(digest);
      return bytes?.length === 0 ? undefined : bytes;
    },
  }),
  broken("forgets what artifacts refer to", STAYS, {
    putArtifact: (inner, write) => inner.putArtifact({ ...write, mentions: [] }),
  }),
  broken("forgets artifacts with the first session that is deleted", STAYS, () => {
    let isGone = false;
    return {
      delete: (inner, sessionId, fence) => {
        isGone = true;
        inner.delete(sessionId, fence);
      },
      artifact: (inner, digest) => (isGone ? undefined : inner.artifact(digest)),
    };
  }),
  broken("never lets an artifact go", [GOES, HELD], {
    putArtifact: (inner, write) => inner.putArtifact({ ...write, holder: FOR_EVER }),
  }),
  broken("does not count artifacts", GOES, { prune: (inner, policy) => ({ ...inner.prune(policy), artifacts: 0 }) }),
  broken("holds nothing for a session", HELD, {
    putArtifact: (inner, write) =>
      inner.putArtifact("until" in write.holder ? write : { ...write, holder: { until: 0 } }),
  }),
  broken("lets go what callers hold", HELD, {
    prune: (inner, policy) => inner.prune({ ...policy, at: Number.MAX_SAFE_INTEGER }),
  }),
  broken("commits what refers to nothing", REFUSED, {
    commit: (inner, checkpoint, options) =>
      insteadOf(
        ArtifactNotFoundError,
        () => inner.commit(checkpoint, options),
        () => {
          const digest = `sha256-${"0".repeat(64)}`;
          inner.putArtifact({ digest, bytes: new Uint8Array(), mentions: [], holder: FOR_EVER });
          return inner.commit(checkpoint, options);
        },
      ),
  }),
  broken("takes artifacts from everybody", FENCED, {
    putArtifact: (inner, { holder, ...write }) =>
      inner.putArtifact({ ...write, holder: "until" in holder ? holder : { sessionId: holder.sessionId } }),
  }),
];

export const brokenPieces: readonly BrokenStore[] = [
  {
    mistake: "shows drafts",
    checks: [SAME],
    open: () =>
      inPieces((inner) => ({
        artifactRange: (_, from, length) => (inner.artifact("draft-a") ?? new Uint8Array()).slice(from, from + length),
      })),
  },
  {
    mistake: "gives nothing where a range goes on in another piece",
    checks: [SAME],
    open: () =>
      inPieces((_, { artifactRange }) => ({
        artifactRange: (digest, from, length) =>
          artifactRange(digest, from, Math.min(length, 2 ** 20 - (from % 2 ** 20))),
      })),
  },
  {
    mistake: "lets drafts go with any prune",
    checks: [DRAFTED],
    open: () =>
      inPieces((_, { draftArtifact }) => ({
        draftArtifact: (piece) => draftArtifact({ ...piece, holder: { until: 0 } }),
      })),
  },
  {
    mistake: "never lets a draft go",
    checks: [DRAFTED],
    open: () =>
      inPieces((_, { draftArtifact }) => ({ draftArtifact: (piece) => draftArtifact({ ...piece, holder: FOR_EVER }) })),
  },
  {
    mistake: "holds what came in pieces for ever",
    checks: [AGAIN],
    open: () => inPieces((_, { keepDraft }) => ({ keepDraft: (end) => keepDraft({ ...end, holder: FOR_EVER }) })),
  },
  {
    mistake: "keeps drafts for anybody",
    checks: [FENCED_DRAFT],
    open: () => inPieces((_, { keepDraft }) => ({ keepDraft: (end) => keepDraft({ ...end, holder: { until: 1 } }) })),
  },
];
