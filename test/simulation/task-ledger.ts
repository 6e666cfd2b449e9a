/**
 * What tasks were promised (S6, C2, C5, P3): one that was reported completed is not run again, an effect that is durable is not done again,
 * and a question is answered once. Whoever lost its lease may not know yet; those who come later do.
 */
import type { TaskRecord } from "../../src/index.js";

/** What came of a task, and under which lease. */
interface Deed {
  readonly fence: number;
  /** Which of all tries of all tasks it was. */
  readonly attempt: number | undefined;
}

export class TaskLedger {
  /** The last try of each task under each lease. */
  readonly #tries = new Map<string, number>();
  readonly #completed = new Map<string, Deed>();
  /** Under which lease an effect was durable first. */
  readonly #effects = new Map<string, number>();
  /** Which question each interrupt is. */
  readonly #questions = new Map<string, string>();
  /** The first durable answer to each question. */
  readonly #answers = new Map<string, unknown>();
  readonly #accuse: (law: string) => void;

  constructor(accuse: (law: string) => void) {
    this.#accuse = accuse;
  }

  /** A task begins, on a runner that has its session by this lease. */
  started(taskId: string, fence: number, attempt: number): void {
    const completed = this.#completed.get(taskId);
    this.#tries.set(`${taskId}@${fence}`, attempt);
    if (completed !== undefined && fence >= completed.fence)
      this.#accuse(`task ${taskId} was reported completed under lease ${completed.fence} and runs under ${fence}`);
  }

  /** A task was reported completed. */
  completed(taskId: string, fence: number): void {
    const attempt = this.#tries.get(`${taskId}@${fence}`);
    if (!this.#completed.has(taskId)) this.#completed.set(taskId, { fence, attempt });
  }

  /** A superstep is committed with what this try of the task wrote. */
  committed(taskId: string, attempt: number): void {
    const completed = this.#completed.get(taskId)?.attempt;
    if (completed !== undefined && completed !== attempt)
      this.#accuse(`task ${taskId} was reported completed by try ${completed}, and committed by ${attempt}`);
  }

  /** A task does its effect. */
  affected(taskId: string, fence: number): void {
    const durable = this.#effects.get(taskId);
    if (durable !== undefined && fence >= durable)
      this.#accuse(`the effect of ${taskId} was durable under lease ${durable} and is done again under ${fence}`);
  }

  /** A task knows that its effect is done. */
  remembered(taskId: string): void {
    if (!this.#effects.has(taskId)) this.#accuse(`${taskId} goes on before its effect is durable`);
  }

  /** A task sees the answer to its n-th question. */
  answered(taskId: string, place: number, answer: unknown): void {
    const durable = this.#answers.get(`${taskId}|${place}`);
    if (durable !== answer) this.#accuse(`${taskId} sees "${String(answer)}", and "${String(durable)}" is stored`);
  }

  /** A record is durable. */
  kept(record: TaskRecord, fence: number): void {
    const { taskId, kind } = record;
    if (kind === "once" && !this.#effects.has(taskId)) this.#effects.set(taskId, fence);
    if (kind !== "interrupt") return;
    const question = `${taskId}|${record.index}`;
    const former = this.#questions.get(record.id) ?? question;
    this.#questions.set(record.id, former);
    if (former !== question) this.#accuse(`${record.id} names two questions, ${former} and ${question}`);
    if (record.answer === undefined) return;
    const { value } = record.answer;
    if (this.#answers.has(question) && this.#answers.get(question) !== value)
      this.#accuse(`${record.id} was answered twice`);
    this.#answers.set(question, value);
  }
}
