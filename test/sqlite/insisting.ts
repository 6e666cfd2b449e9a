/** For programs on a disk that fails now and then, and recovers. */
import { SuperstepError } from "../../src/index.js";

/** How often something failed, by code. */
export const codes: Record<string, number> = {};

/** Tries until it works. Whatever fails otherwise than with a CheckpointError is thrown. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!SuperstepError.is(error) || error.code !== "CHECKPOINT_FAILED" || tries > 1_000) throw error;
      codes[error.code] = (codes[error.code] ?? 0) + 1;
    }
  }
}
