/** A call as a stream of its events: numbered, stamped, and with one terminal event however it ends. */
import { recordOf } from "../../errors.js";
import type { Channels, UpdateOf } from "../../state/channel.js";
import type { Clock } from "../../superstep/task-context.js";
import type { Calls } from "../calls/calls.js";
import { RunCancellation } from "../cancellation.js";
import type { EventSink } from "../events.js";
import { checkBuffer } from "../options/call-options.js";
import { given } from "../options/option-names.js";
import type { RunResult } from "../report.js";
import { isResume, type Resume } from "./resume.js";
import { EventStream, type StreamOptions } from "./stream.js";

/** What is streamed. */
export interface StreamCall<C extends Channels> {
  readonly sessionId: string;
  readonly input: UpdateOf<C> | Resume | undefined;
  readonly options: StreamOptions;
}

export function openStream<C extends Channels>(
  calls: Calls<C>,
  clock: Clock,
  { sessionId, input, options }: StreamCall<C>,
): EventStream<C> {
  const cancellation = new RunCancellation();
  const start = async (stream: EventStream<C>): Promise<RunResult<C>> => {
    let seq = 0;
    const emit: EventSink = (step, event, path) =>
      stream.push({ seq: ++seq, at: clock.now(), sessionId, step, ...(path && { path }), ...event });
    try {
      const own = given("stream", options);
      checkBuffer(own.buffer);
      const watch = { cancellation, emit };
      if (isResume(input)) return await calls.resume(sessionId, input.answer, own, watch);
      return await calls.invoke(sessionId, input as UpdateOf<C> | undefined, own, watch);
    } catch (error) {
      if (!stream.isOver) emit(0, { type: "run.failed", error: recordOf(error) });
      throw error;
    }
  };
  // What is no object at all is told of by the stream's events, like any other wrong option.
  return new EventStream<C>(cancellation, start, (options as StreamOptions | null)?.buffer);
}
