import { InvalidOptionError } from "../errors.js";
import { seal } from "../state/seal.js";
/** Thrown by `ctx.interrupt` to leave the node. Whether it gets through does not matter: the question is noted (P3). */
export class InterruptSignal {
    message = "the session pauses here until the question is answered; let this pass through";
}
export class TaskContext {
    attempt;
    /** The open question, if the node asked one. */
    ask;
    #task;
    #environment;
    #recall;
    #abort;
    #reason;
    #asked = 0;
    #ids = 0;
    #keys;
    constructor(task, attempt, environment, recall) {
        this.attempt = attempt;
        this.#task = task;
        this.#environment = environment;
        this.#recall = recall;
    }
    get sessionId() {
        return this.#environment.sessionId;
    }
    get node() {
        return this.#task.node;
    }
    get step() {
        return this.#environment.step;
    }
    get taskId() {
        return this.#task.id;
    }
    get input() {
        return this.#task.input;
    }
    get signal() {
        if (this.#abort === undefined) {
            this.#abort = new AbortController();
            if (this.#reason !== undefined)
                this.#abort.abort(this.#reason.value);
        }
        return this.#abort.signal;
    }
    /** Whether the node could know that it was told to stop. */
    get isSignalSeen() {
        return this.#abort !== undefined;
    }
    /** Tells the node to stop. */
    abort(reason) {
        this.#reason ??= { value: reason };
        this.#abort?.abort(reason);
    }
    get interrupt() {
        return (payload) => {
            if (this.ask !== undefined)
                throw new InterruptSignal();
            const index = this.#asked++;
            const answer = this.#recall.memory?.interrupts[index]?.answer;
            if (answer !== undefined)
                return answer.value;
            seal(payload, ["payload"]);
            this.ask = { index, payload };
            throw new InterruptSignal();
        };
    }
    get once() {
        return async (key, effect) => {
            this.#claim(key);
            return (await this.#recall.effects.run(key, effect));
        };
    }
    get emit() {
        return (data) => this.#environment.listener?.emitted(this.#task, data);
    }
    get progress() {
        return (done, total, message) => this.#environment.listener?.progressed(this.#task, done, total, message);
    }
    get now() {
        return () => this.#environment.clock.now();
    }
    get random() {
        return () => this.#environment.random();
    }
    get id() {
        return () => `${this.#task.id}.${this.attempt}.${++this.#ids}.${Math.floor(this.#environment.random() * 2 ** 52).toString(36)}`;
    }
    #claim(key) {
        if (typeof key !== "string" || key === "")
            throw new InvalidOptionError("key", "of `once` is not a name", "pass a string that is not empty");
        this.#keys ??= new Set();
        if (this.#keys.has(key)) {
            throw new InvalidOptionError("key", `"${key}" of \`once\` is used twice in one task`, "give each effect of a node its own key");
        }
        this.#keys.add(key);
    }
}
