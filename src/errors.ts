/** Every error kind of the library, and where it happened. A kind lives beside its kin in `errors/`. */
export {
  ChannelSchemaError,
  ConcurrentWriteError,
  JoinStalledError,
  ReducerError,
  RouteError,
  SerializationError,
  UnknownChannelError,
} from "./errors/barrier.js";
export { locate, SuperstepError } from "./errors/base.js";
export {
  ExecutorClosedError,
  NodeModuleError,
  WorkerExitedError,
  WorkerMemoryError,
  WorkerStartError,
} from "./errors/executor.js";
export { type GraphIssue, GraphValidationError } from "./errors/graph.js";
export {
  CacheKeyError,
  NodeError,
  NodeMiddlewareError,
  NodeResultError,
  NodeStuckError,
  NodeTimeoutError,
  RetriesSpentError,
  type TaskFailure,
} from "./errors/node.js";
export { checkNames, listOf, type OptionNames, unknownNames } from "./errors/option-names.js";
export {
  type ErrorRecord,
  type FrontierContext,
  type RunEnvironment,
  recordOf,
  type TaskRef,
} from "./errors/record.js";
export {
  ConfigMismatchError,
  DrainTimeoutError,
  GraphMismatchError,
  InterruptAnswerError,
  InvalidOptionError,
  NotPausedError,
  PredicateError,
  RunAbortedError,
  RunnerDrainingError,
  SessionBusyError,
  SessionCancelledError,
  SessionExistsError,
  SessionNotFinishedError,
  SessionNotFoundError,
  StepLimitError,
  UnknownNodeError,
} from "./errors/session.js";
export { shown } from "./errors/shown.js";
export {
  ArtifactCorruptError,
  ArtifactNotFoundError,
  CheckpointConflictError,
  CheckpointCorruptError,
  CheckpointError,
  CheckpointNotFoundError,
} from "./errors/store.js";
