import { seal } from "../state/seal.js";
export class Effects {
    #task;
    #memos;
    #remember;
    #begun;
    constructor(task, memos, remember) {
        this.#task = task;
        this.#memos = memos;
        this.#remember = remember;
    }
    /** The effect's result, once it is durable. A try that comes later waits for an effect that an earlier one began. */
    async run(key, effect) {
        if (this.#memos?.has(key))
            return this.#memos.get(key);
        const begun = this.#begun?.get(key) ?? this.#begin(key, effect);
        const value = await begun.result;
        if (!begun.isKept)
            await this.#remember?.({ kind: "once", taskId: this.#task.id, key, value });
        begun.isKept = true;
        return value;
    }
    /** An effect that fails is remembered as nothing. */
    #begin(key, effect) {
        const begun = { result: sealed(key, effect), isKept: false };
        this.#begun ??= new Map();
        this.#begun.set(key, begun);
        begun.result.catch(() => this.#begun?.delete(key));
        return begun;
    }
}
async function sealed(key, effect) {
    const value = await effect();
    seal(value, [key]);
    return value;
}
