/** Properties: the same values in every run on CI, so that a gate can be repeated; others elsewhere. FAST_CHECK_SEED sets them. */
import { configureGlobal } from "fast-check";

const seed = process.env.FAST_CHECK_SEED ?? (process.env.CI === undefined ? undefined : "20261121");
if (seed !== undefined) configureGlobal({ seed: Number(seed) });
