/**
 * The errors: one class for each kind, all of them {@link RemoteMediaError}.
 *
 * The message is a sentence that says what is wrong and what to do. Programs look at the class, at `type`, which says the same and
 * also holds where a program has loaded the package twice, and at `code`, a stable name from the error catalogue.
 */

/** The kind of an error. */
export type ErrorType =
  | "validation"
  | "node_execution"
  | "resource_limit"
  | "rate_limited"
  | "authentication"
  | "version_mismatch"
  | "internal"
  | "unavailable"
  | "deadline_exceeded"
  | "cancelled"
  | "closed";

/** What is known of an error besides its message. */
export interface ErrorDetails {
  code?: string;
  nodeId?: string;
  context?: Record<string, unknown>;
  retryAfterMs?: number | undefined;
  problems?: readonly string[];
  requestId?: string;
  status?: string;
  sequence?: number | undefined;
  stackTrace?: string;
  cause?: unknown;
}

/** What any call may reject with; the subclass and `type` tell the kind. */
export class RemoteMediaError extends Error {
  /** The kind, as a word. */
  readonly type: ErrorType;
  /** Stable name of the cause, for instance `unknown_parameter`; empty where an old service gave none. */
  readonly code: string;
  /** Node that failed; empty when none did. */
  readonly nodeId: string;
  /** Details, a JSON object whose shape depends on the kind. */
  readonly context: Record<string, unknown>;
  /** Milliseconds after which the same call may succeed; undefined when waiting won't help, or nothing is known. */
  readonly retryAfterMs: number | undefined;
  /** All problems of a manifest, one sentence each; `message` repeats the first. */
  readonly problems: readonly string[];
  /** Names the call in the service's log. */
  readonly requestId: string;
  /** Name of the gRPC status, for instance `UNAVAILABLE`; empty when the error came in an answer, or was found before a call. */
  readonly status: string;
  /** Number of the chunk that failed; undefined outside streams. */
  readonly sequence: number | undefined;
  /** Trace of a panic in the service, where it runs with debug output. */
  readonly stackTrace: string;

  constructor(type: ErrorType, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.type = type;
    this.code = details.code ?? "";
    this.nodeId = details.nodeId ?? "";
    this.context = details.context ?? {};
    this.retryAfterMs = details.retryAfterMs;
    this.problems = details.problems ?? [];
    this.requestId = details.requestId ?? "";
    this.status = details.status ?? "";
    this.sequence = details.sequence;
    this.stackTrace = details.stackTrace ?? "";
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** The pipeline or an input is wrong; nothing ran. Most such errors are found before a call. */
export class ValidationError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("validation", message, details);
  }
}

/** A node failed on its input; `context` has the node's type, parameters and inputs. */
export class NodeExecutionError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("node_execution", message, details);
  }
}

/** A limit on memory, time or samples was reached; `context` has `limit`, `used` and `allowed`. */
export class ResourceLimitError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails, type: "resource_limit" | "rate_limited" = "resource_limit") {
    super(type, message, details);
  }
}

/** The token made too many calls; `retryAfterMs` says when the next is welcome. */
export class RateLimitedError extends ResourceLimitError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, "rate_limited");
  }
}

/** The token is missing, wrong, expired, or doesn't allow this. */
export class AuthenticationError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("authentication", message, details);
  }
}

/** Client and service speak different versions of the protocol. */
export class VersionMismatchError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("version_mismatch", message, details);
  }
}

/** A fault of the service, or an answer that can't be understood. */
export class InternalError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("internal", message, details);
  }
}

/** The service can't be reached, is overloaded, or shuts down. */
export class UnavailableError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("unavailable", message, details);
  }
}

/** The call took longer than its timeout, or than an `AbortSignal.timeout`. */
export class DeadlineExceededError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("deadline_exceeded", message, details);
  }
}

/** The call was cancelled; `cause` is the reason of the AbortSignal, where one did it. */
export class CallCancelledError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("cancelled", message, details);
  }
}

/** The client or the stream was closed before this call. */
export class ClosedError extends RemoteMediaError {
  constructor(message: string, details?: ErrorDetails) {
    super("closed", message, details);
  }
}

/** Makes the error of an AbortSignal that was aborted; a reason that is one of ours stays what it is. */
export function abortedBy(reason: unknown, what: string, requestId = ""): RemoteMediaError {
  if (reason instanceof RemoteMediaError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new DeadlineExceededError(`${what} took longer than its signal allows: give a longer timeout, or send less audio a call`, {
      code: "deadline_exceeded",
      requestId,
      cause: reason,
    });
  }
  return new CallCancelledError(`${what} was cancelled by its signal`, { code: "canceled", requestId, cause: reason });
}
