export class Tally {
    steps = 0;
    #tasks = 0;
    #retries = 0;
    #busyMs = 0;
    #nodeMs = new Map();
    #stopwatch;
    #startedAt;
    constructor(stopwatch) {
        this.#stopwatch = stopwatch;
        this.#startedAt = stopwatch();
    }
    /** `elapsedMs`: how long the tasks took together, when they ran side by side. */
    count(settled, elapsedMs) {
        let sum = 0;
        for (const one of settled) {
            if (one.kind === "stopped" || ("kept" in one && one.kept))
                continue;
            this.#tasks++;
            if ("attempt" in one)
                this.#retries += one.attempt - 1;
            sum += one.ms;
            this.#nodeMs.set(one.task.node, (this.#nodeMs.get(one.task.node) ?? 0) + one.ms);
        }
        this.#busyMs += elapsedMs ?? sum;
    }
    summary() {
        const durationMs = this.#stopwatch() - this.#startedAt;
        return {
            steps: this.steps,
            tasks: this.#tasks,
            retries: this.#retries,
            durationMs,
            nodeMs: Object.fromEntries(this.#nodeMs),
            overheadMs: Math.max(0, durationMs - this.#busyMs),
        };
    }
}
