/** Time, as the runner sees it: the system's, or the caller's. */
import { setTimeout as sleepQuietly } from "node:timers/promises";
/** Node takes a longer timer for one of 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;
/** The system's clock. A sleep ends early, by rejection, when its signal is aborted. */
export const systemClock = {
    now: () => Date.now(),
    async sleep(ms, signal) {
        let left = ms;
        do {
            await sleepOnce(Math.min(left, LONGEST_MS), signal);
            left -= LONGEST_MS;
        } while (left > 0);
    },
};
/** The system's clock for what goes on beside the work: its sleep does not keep the process alive. */
export const quietClock = {
    now: () => Date.now(),
    sleep: (ms, signal) => sleepQuietly(ms, undefined, { ref: false, ...(signal && { signal }) }),
};
function sleepOnce(ms, signal) {
    return new Promise((resolve, reject) => {
        const wake = () => {
            clearTimeout(timer);
            reject(signal?.reason);
        };
        const timer = setTimeout(() => {
            signal?.removeEventListener("abort", wake);
            resolve();
        }, ms);
        if (signal?.aborted === true)
            wake();
        else
            signal?.addEventListener("abort", wake, { once: true });
    });
}
/** Milliseconds for durations: fine-grained on the system's clock, the caller's own on an injected one. */
export function stopwatchOf(clock) {
    return clock === systemClock ? () => performance.now() : () => clock.now();
}
