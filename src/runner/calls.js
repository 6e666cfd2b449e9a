/** How a call of the runner takes its session: checked, alone, read fresh under its lease, and driven or edited. */
import { SessionExistsError, SessionNotFinishedError, SessionNotFoundError, UnknownNodeError } from "../errors.js";
import { adopt } from "../session/adopt.js";
import { viewOf } from "../session/view.js";
import { RunCancellation } from "./cancellation.js";
import { driveOn } from "./drive.js";
import { forkedCheckpoint, updatedCheckpoint } from "./editing.js";
import { firstCheckpoint } from "./invocation.js";
import { loadStanding, openRun } from "./opening.js";
import { checkRunOptions, checkSessionId } from "./options.js";
import { checkExists, originOf } from "./past.js";
import { answersOf, storeAnswers } from "./resuming.js";
import { nextStep } from "./run.js";
export class Calls {
    #engine;
    #active;
    constructor(engine, active) {
        this.#engine = engine;
        this.#active = active;
    }
    create(sessionId, input, ifExists) {
        return this.#alone(sessionId, async ({ fence, cancellation }) => {
            const former = ifExists === "replace" ? undefined : await loadStanding(this.#engine, sessionId);
            if (former !== undefined && ifExists === "error")
                throw new SessionExistsError(sessionId);
            if (former !== undefined)
                return viewOf(former.checkpoint, former.note);
            const checkpoint = await firstCheckpoint(this.#engine, { sessionId, input, cancellation });
            await this.#engine.store.commit(checkpoint, { fence, replace: ifExists === "replace" });
            return viewOf(checkpoint, checkpoint.note);
        });
    }
    drive(sessionId, options, watch, work) {
        return this.#watched(sessionId, options, watch, async (hold) => {
            const standing = await this.load(sessionId);
            return work(openRun(this.#engine, { sessionId, options, ...watch, ...hold }, standing));
        });
    }
    resume(sessionId, answer, options, watch) {
        return this.#watched(sessionId, options, watch, async (hold) => {
            const standing = await this.load(sessionId);
            const answered = answersOf(standing, answer);
            const run = openRun(this.#engine, { sessionId, options, ...watch, ...hold }, standing);
            return driveOn(run, async () => {
                await storeAnswers(run, answered);
                this.#engine.hooks.tell("onResume", { sessionId, step: nextStep(run), answer });
            });
        });
    }
    async invoke(sessionId, input, options, watch) {
        const { entry, restart = false } = options;
        const { nodes } = this.#engine.plan;
        if (entry !== undefined && !nodes.has(entry))
            throw new UnknownNodeError(entry, "entry", [...nodes.keys()]);
        return this.#watched(sessionId, options, watch, async (hold) => {
            const former = await loadStanding(this.#engine, sessionId);
            const { cancellation } = hold;
            const invocation = { sessionId, input, cancellation, ...(entry && { entry }), ...(former && { former }) };
            const standing = await this.#beginOrGoOn(invocation, restart, hold);
            return driveOn(openRun(this.#engine, { sessionId, options, ...watch, ...hold }, standing));
        });
    }
    update(sessionId, update, asNode) {
        return this.#alone(sessionId, async ({ fence, cancellation }) => {
            const standing = await this.load(sessionId);
            const edit = { update, cancellation, ...(asNode !== undefined && { asNode }) };
            const checkpoint = await updatedCheckpoint(this.#engine, standing, edit);
            const keepsRecords = asNode === undefined;
            await this.#engine.store.commit(checkpoint, { fence, keepsRecords, whole: isRebased(standing) });
            return viewOf(checkpoint, checkpoint.note);
        });
    }
    fork(sessionId, options) {
        const { as, step, checkpointId, update, asNode } = options;
        return this.#alone(as, async ({ fence, cancellation }) => {
            if ((await this.#engine.store.load(as)) !== undefined)
                throw new SessionExistsError(as);
            const { store, plan, migrate } = this.#engine;
            const stored = await originOf(store, sessionId, { wanted: checkpointId ?? step, ephemeral: plan.ephemeral });
            const { checkpoint: origin, isRebased: whole } = adopt(stored, plan, migrate);
            const edit = { as, update, cancellation, ...(asNode !== undefined && { asNode }) };
            const checkpoint = await forkedCheckpoint(this.#engine, origin, edit);
            await store.commit(checkpoint, { fence, whole, origin: sessionId });
            return viewOf(checkpoint, checkpoint.note);
        });
    }
    delete(sessionId) {
        return this.#alone(sessionId, async ({ fence }) => {
            await checkExists(this.#engine.store, sessionId);
            await this.#engine.store.delete(sessionId, fence);
        });
    }
    async load(sessionId) {
        const standing = await loadStanding(this.#engine, sessionId);
        if (standing === undefined)
            throw new SessionNotFoundError(sessionId);
        return standing;
    }
    async #beginOrGoOn(invocation, restart, { fence }) {
        const { sessionId, former, input, entry } = invocation;
        const status = former?.note.status.kind ?? "completed";
        if (former !== undefined && status !== "completed" && !restart) {
            if (input !== undefined || entry !== undefined)
                throw new SessionNotFinishedError(sessionId, status);
            return former;
        }
        const checkpoint = await firstCheckpoint(this.#engine, invocation);
        const whole = former !== undefined && isRebased(former);
        await this.#engine.store.commit(checkpoint, { fence, whole });
        return { checkpoint, note: checkpoint.note, records: [] };
    }
    /** For a call that runs no node: nobody can abort it. */
    async #alone(sessionId, work) {
        checkSessionId(sessionId);
        const cancellation = new RunCancellation();
        return this.#active.exclusively(sessionId, cancellation, (fence) => work({ cancellation, fence }));
    }
    async #watched(sessionId, options, watch, work) {
        checkSessionId(sessionId);
        checkRunOptions(options, this.#engine.plan);
        const cancellation = watch.cancellation ?? new RunCancellation();
        cancellation.follow(options.signal);
        return this.#active.exclusively(sessionId, cancellation, (fence) => work({ cancellation, fence }));
    }
}
function isRebased(standing) {
    return standing.isRebased === true;
}
