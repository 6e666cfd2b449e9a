/** A run as events: it runs whether or not anyone iterates; iteration ends after the terminal event and never throws. */
import { crashPoint } from "../crash-point.js";
/** Makes `stream` resume a paused session with this answer. */
export function resumeWith(answer) {
    return { answer, __resume: true };
}
export function isResume(value) {
    return typeof value === "object" && value !== null && value.__resume === true;
}
const TERMINAL = new Set(["run.completed", "run.paused", "run.failed"]);
/** Live events that wait for a slow consumer, at most; older ones of these are dropped, all others never are. */
const MOST_WAITING = 10_000;
export class EventStream {
    result;
    #cancellation;
    #waiting = [];
    #readers = new Set();
    #isOver = false;
    #ended = false;
    #abandoned = false;
    constructor(cancellation, start) {
        this.#cancellation = cancellation;
        this.result = start(this).finally(() => this.#end());
        this.result.catch(() => undefined);
    }
    /** Whether the terminal event was told. */
    get isOver() {
        return this.#isOver;
    }
    /** Takes an event; nothing comes after the terminal one. Never throws. */
    push(event) {
        if (this.#isOver)
            return;
        this.#isOver = TERMINAL.has(event.type);
        if (this.#abandoned)
            return;
        if (this.#waiting.length >= MOST_WAITING)
            this.#dropLive();
        this.#waiting.push(event);
        this.#wake();
    }
    abort(reason) {
        this.#cancellation.abort(reason ?? new DOMException("the stream was aborted", "AbortError"));
    }
    async *[Symbol.asyncIterator]() {
        try {
            for (;;) {
                const event = this.#waiting.shift();
                if (event !== undefined) {
                    yield event;
                    crashPoint("event.heard");
                }
                else if (this.#ended)
                    return;
                else
                    await this.#more();
            }
        }
        finally {
            if (!this.#ended)
                this.#breakOff();
        }
    }
    #more() {
        return new Promise((resolve) => this.#readers.add(resolve));
    }
    #wake() {
        for (const resolve of this.#readers)
            resolve();
        this.#readers.clear();
    }
    #end() {
        this.#ended = true;
        this.#wake();
    }
    #breakOff() {
        this.#abandoned = true;
        this.#waiting.length = 0;
        this.#cancellation.stopAtBoundary ??= {
            reason: new DOMException("nobody reads the stream any more", "AbortError"),
        };
    }
    #dropLive() {
        const oldest = this.#waiting.findIndex(({ type }) => type === "node.emitted" || type === "node.progress");
        if (oldest >= 0)
            this.#waiting.splice(oldest, 1);
    }
}
