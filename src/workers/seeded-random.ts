/** Numbers in [0,1) that follow from a seed: what a worker has for the runner's random, which it cannot ask at once. Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = Math.floor(seed * 2 ** 32) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
