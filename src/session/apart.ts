/** Where a value would stand that is kept apart from the checkpoint (ChannelOptions.artifactsAbove). Only texts hold it: whoever reads a state gets the value. */

export class Apart {
  readonly digest: string;
  /** Of the value's text, in bytes. */
  readonly size: number;
  constructor(digest: string, size: number) {
    this.digest = digest;
    this.size = size;
    Object.freeze(this);
  }
}

/** Reads a value that is kept apart. Throws ArtifactNotFoundError and ArtifactCorruptError. */
export type ApartReader = (apart: Apart) => unknown;
