/** A named limit across the sessions of a runner (S4): first come, first served. */
export class Semaphore {
    #free;
    #waiting = [];
    constructor(permits) {
        this.#free = permits;
    }
    /** Undefined when a permit was free; otherwise a promise of one. */
    acquire() {
        if (this.#free > 0) {
            this.#free--;
            return undefined;
        }
        return new Promise((resolve) => this.#waiting.push(resolve));
    }
    release() {
        const next = this.#waiting.shift();
        if (next === undefined)
            this.#free++;
        else
            next();
    }
}
