/** Milliseconds: 500, doubled each time, at most 30 s, jittered to between half and all of that. */
export function retryDelay(policy = {}, attempt, random) {
    const { initialDelayMs = 500, backoff = 2, maxDelayMs = 30_000, jitter = true } = policy;
    const delay = Math.min(initialDelayMs * backoff ** (attempt - 1), maxDelayMs);
    return jitter ? delay * (0.5 + random() / 2) : delay;
}
