/** The door of the library: names only. */
export {
  ArtifactCorruptError,
  ArtifactNotFoundError,
  CacheKeyError,
  ChannelSchemaError,
  CheckpointConflictError,
  CheckpointCorruptError,
  CheckpointError,
  CheckpointNotFoundError,
  ConcurrentWriteError,
  ConfigMismatchError,
  DrainTimeoutError,
  type ErrorRecord,
  ExecutorClosedError,
  type FrontierContext,
  type GraphIssue,
  GraphMismatchError,
  GraphValidationError,
  InterruptAnswerError,
  InvalidOptionError,
  JoinStalledError,
  NodeError,
  NodeMiddlewareError,
  NodeModuleError,
  NodeResultError,
  NodeStuckError,
  NodeTimeoutError,
  NotPausedError,
  PredicateError,
  ReducerError,
  RetriesSpentError,
  RouteError,
  RunAbortedError,
  type RunEnvironment,
  RunnerDrainingError,
  SerializationError,
  SessionBusyError,
  SessionCancelledError,
  SessionExistsError,
  SessionNotFinishedError,
  SessionNotFoundError,
  StepLimitError,
  SuperstepError,
  type TaskFailure,
  type TaskRef,
  UnknownChannelError,
  UnknownNodeError,
  WorkerExitedError,
  WorkerMemoryError,
  WorkerStartError,
} from "./errors.js";
export type { App } from "./graph/app.js";
export type { Artifacts } from "./graph/artifacts.js";
export { Command, type CommandMode, type NodeResult } from "./graph/command.js";
export type { RouteFn } from "./graph/declaration.js";
export type { GraphDrawing } from "./graph/drawing.js";
export { type ItemPolicy, type ItemResult, type MapOptions, map } from "./graph/map.js";
export type { CachePolicy, NodeContext, NodeFn, NodeOptions, OnceCall, RetryPolicy } from "./graph/node.js";
export type { GraphPlan, SubgraphPlan } from "./graph/plan.js";
export { type RunContext, type RunValue, runContext } from "./graph/run-context.js";
export { type GraphOptions, StateGraph } from "./graph/state-graph.js";
export { END, Send, START, type Target } from "./graph/target.js";
export { AppRunner } from "./runner/app-runner.js";
export type { CancelAnswer, CloseOptions, DrainOptions } from "./runner/calls/active-runs.js";
export type { ForkOptions, InvokeOptions } from "./runner/calls/calls.js";
export type { LeaseOptions } from "./runner/calls/leases.js";
export type { DrainSignal } from "./runner/calls/process-signals.js";
export type { EnvironmentOptions } from "./runner/environment.js";
export type { RunEvent, RunEventBody } from "./runner/events.js";
export {
  type HookFailure,
  type PauseRequest,
  pause,
  type ResumePosition,
  type RunHooks,
  type StepPosition,
} from "./runner/hooks.js";
export type { AppRunnerOptions, RunOptions, StepOptions } from "./runner/options/options.js";
export type { BarrierOutcome, PausedReport, RunResult, RunSummary, StepReport, StepResult } from "./runner/report.js";
export type { ConfigOptions } from "./runner/run-config.js";
export type { UpdateOptions } from "./runner/sessions/editing.js";
export type { CreateOptions } from "./runner/sessions/invocation.js";
export type { SessionFilter } from "./runner/sessions/listing.js";
export type { HistoryOptions, PruneOptions } from "./runner/sessions/past.js";
export type { SessionPredicate } from "./runner/stops/stop-options.js";
export { type Resume, resumeWith } from "./runner/stream/resume.js";
export type { ReadOptions, RunStream, StreamOptions } from "./runner/stream/stream.js";
export type { SubgraphView } from "./runner/subgraph/children.js";
export type { ArtifactHolder, ArtifactWrite } from "./session/artifact.js";
export type { Checkpoint, CheckpointRef, CheckpointSource, Gate, Note } from "./session/checkpoint.js";
export type {
  CacheEntry,
  Checkpointer,
  CommitOptions,
  HistoryQuery,
  NoteWrite,
  Pruned,
  PrunePolicy,
  SessionQuery,
  StoredSession,
} from "./session/checkpointer.js";
export type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "./session/lease.js";
export { MemoryCheckpointer } from "./session/memory-checkpointer.js";
export type { MigratableCheckpoint, Migrate, Migration } from "./session/migration.js";
export type { SessionStatus } from "./session/status.js";
export type { Change, CheckpointView, SessionSummary, SessionView } from "./session/view.js";
export { append } from "./state/append.js";
export { type ArtifactKind, ArtifactRef } from "./state/artifact-ref.js";
export type { Channel, ChannelOptions, Channels, Fold, StateOf, UpdateOf } from "./state/channel.js";
export type { Delta, DeltaOp, PatchOperation } from "./state/delta.js";
export { ephemeral } from "./state/ephemeral.js";
export { lastValue } from "./state/last-value.js";
export { type MergePatch, merge } from "./state/merge.js";
export { type Message, messages, type RemoveMessage, removeMessage } from "./state/messages.js";
export { reducer } from "./state/reducer.js";
export { type ClassCodec, registerClass } from "./state/registered-class.js";
export type { StandardSchema } from "./state/schema.js";
export { sum } from "./state/sum.js";
export type { Settled } from "./superstep/attempt.js";
export {
  applyBarrier,
  type BarrierInput,
  type BarrierResult,
  type ChannelDelta,
  type Versions,
} from "./superstep/barrier.js";
export type { Breakpoint, Comparison } from "./superstep/breakpoint.js";
export type { ExecutorCall, NodeExecutor } from "./superstep/executor.js";
export { computeNextFrontier, type Frontier, type FrontierInput, type Progress } from "./superstep/frontier.js";
export type { DrainedReason, InterruptOptions, PauseReason, PendingInterrupt } from "./superstep/interrupts.js";
export type { NodeMiddleware } from "./superstep/middleware.js";
export type { ParentWord, Route, RouteTarget, TaskOutcome, TaskResult, Update } from "./superstep/outcome.js";
export type { AttemptRecord, InterruptRecord, TaskRecord } from "./superstep/record.js";
export { type FailurePolicy, type ScheduledStep, type ScheduleInput, scheduleStep } from "./superstep/schedule.js";
export type { Clock, Descent, DescentCall, StepEnvironment } from "./superstep/task-context.js";
export type { PausePlace, Reached, StopPlace, Until, UntilReason, UntilWithin } from "./superstep/until.js";
