/** Errors made of what a service or gRPC says. */

import { fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Metadata, type ServiceError, status as Code } from "@grpc/grpc-js";
import * as errors from "./errors.js";
import { type ErrorResponse, ErrorResponseSchema, ErrorType } from "./gen/remotemedia/v1/common_pb.js";
import { readObject } from "./json.js";

type Kind = new (message: string, details?: errors.ErrorDetails) => errors.RemoteMediaError;

const TYPES: Readonly<Record<number, Kind>> = {
  [ErrorType.VALIDATION]: errors.ValidationError,
  [ErrorType.NODE_EXECUTION]: errors.NodeExecutionError,
  [ErrorType.RESOURCE_LIMIT]: errors.ResourceLimitError,
  [ErrorType.AUTHENTICATION]: errors.AuthenticationError,
  [ErrorType.VERSION_MISMATCH]: errors.VersionMismatchError,
  [ErrorType.INTERNAL]: errors.InternalError,
};

/** Statuses that tell more than the type of the error in their details. */
const STATUSES: Readonly<Record<string, Kind>> = {
  UNAVAILABLE: errors.UnavailableError,
  DEADLINE_EXCEEDED: errors.DeadlineExceededError,
  CANCELLED: errors.CallCancelledError,
};

type Sentence = (details: string, target: string) => string;

/** Statuses that come from gRPC, a proxy or an old service, without details. */
const BARE: Readonly<Record<string, readonly [Kind, string, Sentence]>> = {
  UNAVAILABLE: [
    errors.UnavailableError,
    "unreachable",
    (details, target) =>
      `no service answers at ${target} (${details}): is it running there, and is the address right?` +
      " With TLS, is it on at both ends, and is the certificate trusted?",
  ],
  DEADLINE_EXCEEDED: [
    errors.DeadlineExceededError,
    "deadline_exceeded",
    (details, target) => `${target} didn't answer in time: give a longer timeoutMs, or send less audio a call (${details})`,
  ],
  CANCELLED: [errors.CallCancelledError, "canceled", (details) => `the call was cancelled (${details})`],
  UNAUTHENTICATED: [
    errors.AuthenticationError,
    "token_missing",
    (details, target) => `${target} refused the token: give a valid one as token (${details})`,
  ],
  PERMISSION_DENIED: [
    errors.AuthenticationError,
    "token_scope",
    (details) => `the token doesn't allow this call: use one with the scope that it needs (${details})`,
  ],
  RESOURCE_EXHAUSTED: [
    errors.ResourceLimitError,
    "",
    (details, target) =>
      `the message is larger than ${target}, or something before it, allows: send less audio a call, or stream it (${details})`,
  ],
  INVALID_ARGUMENT: [errors.ValidationError, "", refused],
  NOT_FOUND: [errors.ValidationError, "", refused],
  FAILED_PRECONDITION: [errors.VersionMismatchError, "version_unsupported", refused],
  UNIMPLEMENTED: [
    errors.VersionMismatchError,
    "version_unsupported",
    (details, target) =>
      `${target} doesn't know this call: it is too old for this client, or another service. Update the service (${details})`,
  ],
};

function refused(details: string, target: string): string {
  return `${target} refused the call: ${details}`;
}

/** Makes the error of an ErrorResponse that a service told. */
export function fromResponse(response: ErrorResponse, requestId: string, status = ""): errors.RemoteMediaError {
  const context = readObject(response.context);
  const limited = response.code === "rate_limited" ? errors.RateLimitedError : undefined;
  const kind = limited ?? STATUSES[status] ?? TYPES[response.errorType] ?? errors.InternalError;
  const ofStream = response.sessionId !== "" || "stream_error_type" in context;
  return new kind(response.message || "the service failed without a word", {
    code: response.code,
    nodeId: response.failingNodeId,
    context,
    retryAfterMs: response.retryAfterMs > 0n ? Number(response.retryAfterMs) : undefined,
    problems: response.problems,
    requestId: typeof context.request_id === "string" && context.request_id !== "" ? context.request_id : requestId,
    status,
    sequence: ofStream ? Number(response.failingSequence) : undefined,
    stackTrace: response.stackTrace,
  });
}

/**
 * Makes the error of a call that ended with a status.
 *
 * A service resets a call that is late, which looks like a cancellation when it is seen before the client's own timer.
 */
export function fromStatus(error: ServiceError, target: string, requestId: string, deadline: number): errors.RemoteMediaError {
  const id = first(error.metadata, "x-request-id") || requestId;
  const late = error.code === Code.CANCELLED && Date.now() >= deadline;
  const name = late ? "DEADLINE_EXCEEDED" : ((Code[error.code] as string | undefined) ?? "UNKNOWN");
  const response = detail(error.metadata);
  if (response) return fromResponse(response, id, name);
  const text = error.details || "no details";
  const [kind, code, sentence] = BARE[name] ?? [errors.InternalError, "internal", () => `the call failed with ${name}: ${text}`];
  const pushback = pushbackOf(error);
  return new kind(sentence(text, target), {
    code,
    retryAfterMs: pushback !== undefined && pushback >= 0 ? pushback : undefined,
    requestId: id,
    status: name,
  });
}

/** Gives the milliseconds for which a service asks to wait; a negative number asks not to come back. */
export function pushbackOf(error: ServiceError): number | undefined {
  const text = first(error.metadata, "grpc-retry-pushback-ms");
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Tells the errors of gRPC from others. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "metadata" in error;
}

function first(metadata: Metadata, name: string): string {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : "";
}

/** Finds the service's error in a google.rpc.Status; another's details, or broken ones, tell nothing. */
function detail(metadata: Metadata): ErrorResponse | undefined {
  const [status] = metadata.get("grpc-status-details-bin");
  if (!(status instanceof Uint8Array)) return undefined;
  try {
    const reader = new BinaryReader(status);
    while (reader.pos < reader.len) {
      const [number, kind] = reader.tag();
      if (number !== 3 || kind !== WireType.LengthDelimited) {
        reader.skip(kind, number);
        continue;
      }
      const any = fromBinary(AnySchema, reader.bytes());
      if (any.typeUrl === "type.googleapis.com/remotemedia.v1.ErrorResponse") return fromBinary(ErrorResponseSchema, any.value);
    }
  } catch {
    return undefined;
  }
  return undefined;
}
