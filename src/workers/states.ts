/**
 * States on their way to a worker, each once: whole when the worker knows nothing of the session, else what has changed since, by
 * reference, and nothing at all when it is the same. Both ends forget in the same order, because the runner's end says what to forget.
 */
import { decode, encode } from "../session/codec.js";
import { applyDeltas, type Delta } from "../state/delta.js";
import { diff } from "../state/diff.js";
import { sealStored } from "../state/seal.js";
import type { CallMessage, StateMessage } from "./messages.js";

type State = Readonly<Record<string, unknown>>;

/** Sessions whose states a worker keeps. */
const MOST_SESSIONS = 4;

/** Whole states as text, for all workers of a pool: the newest one is encoded once, for however many of them. */
export class StateTexts {
  /** Characters that were sent: of whole states and of changes. */
  sent = 0;
  #newest: { readonly state: State; readonly text: string } | undefined;

  of(state: State): string {
    if (this.#newest?.state !== state) this.#newest = { state, text: encode(state) };
    return this.#newest.text;
  }
}

/** What one worker knows, as the runner sees it. */
export class KnownStates {
  readonly #bySession = new Map<string, State>();
  readonly #texts: StateTexts;

  constructor(texts: StateTexts) {
    this.#texts = texts;
  }

  /** What the worker must be told to have this state, and what it is to forget. */
  tell(sessionId: string, state: State): Pick<CallMessage, "state" | "forget"> {
    const message = messageOf(this.#bySession.get(sessionId), state, this.#texts);
    // From here on nothing throws: what it is not told it does not know.
    this.#bySession.delete(sessionId);
    this.#bySession.set(sessionId, state);
    const forget = [...this.#bySession.keys()].slice(0, -MOST_SESSIONS);
    for (const one of forget) this.#bySession.delete(one);
    this.#texts.sent += weightOf(message);
    return { state: message, forget };
  }

  /** The worker could not read what it was told. */
  forget(sessionId: string): void {
    this.#bySession.delete(sessionId);
  }
}

/** What one worker knows, as it does. */
export class States {
  readonly #bySession = new Map<string, State>();

  take(sessionId: string, { state: message, forget }: Pick<CallMessage, "state" | "forget">): State {
    for (const one of forget) this.#bySession.delete(one);
    const state = stateOf(this.#bySession.get(sessionId), message);
    this.#bySession.set(sessionId, state);
    return state;
  }
}

function messageOf(known: State | undefined, state: State, texts: StateTexts): StateMessage {
  if (known === state) return { kind: "same" };
  if (known === undefined) return { kind: "whole", text: texts.of(state) };
  const deltas = Object.entries(state).flatMap(([channel, value]) => {
    const delta = Object.hasOwn(known, channel) ? diff(known[channel], value, channel) : replaced(value);
    return delta === undefined ? [] : [[channel, delta] as const];
  });
  const gone = Object.keys(known).filter((channel) => !Object.hasOwn(state, channel));
  return { kind: "changed", deltas: encode(deltas), gone };
}

function weightOf(message: StateMessage): number {
  if (message.kind === "same") return 0;
  return message.kind === "whole" ? message.text.length : message.deltas.length;
}

function replaced(value: unknown): Delta {
  return [{ op: "replace", path: [], value }];
}

function stateOf(known: State | undefined, message: StateMessage): State {
  if (message.kind === "same") return known as State;
  if (message.kind === "whole") return sealed(decode(message.text) as State);
  const { deltas, gone } = message;
  const next: Record<string, unknown> = { ...known };
  for (const channel of gone) delete next[channel];
  for (const [channel, delta] of decode(deltas) as readonly (readonly [string, Delta])[])
    next[channel] = applyDeltas(next[channel], [delta]);
  return sealed(next);
}

function sealed(state: State): State {
  sealStored(state);
  return state;
}
