/** Calls over gRPC: bytes in, bytes out, headers, deadlines, AbortSignals, and an end to all that is under way when the client closes. */

import * as grpc from "@grpc/grpc-js";
import { AuthenticationError, ClosedError, ValidationError, abortedBy } from "./errors.js";
import type { Settings } from "./options.js";

export const EXECUTE = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline";
export const VERSION = "/remotemedia.v1.PipelineExecutionService/GetVersion";
export const METRICS = "/remotemedia.v1.PipelineExecutionService/GetMetrics";
export const STREAM = "/remotemedia.v1.StreamingPipelineService/StreamPipeline";
export const NODES = "/remotemedia.ext.v1.NodeCatalogService/ListNodes";
export const HEALTH = "/grpc.health.v1.Health/Check";

/** A stream of messages in both directions. */
export type Duplex = grpc.ClientDuplexStream<Buffer, Buffer>;

/** What one attempt of a call is given. */
export interface CallOptions {
  readonly requestId: string;
  /** Milliseconds since the epoch; Infinity is no bound. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** How something that was started says that it has ended. */
export interface End<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Something that was started. */
export interface Started {
  readonly cancel: () => void;
}

/** A channel to a service; it connects at the first call. */
export class Connection {
  readonly #settings: Settings;
  readonly #client: grpc.Client;
  readonly #underWay = new Set<() => void>();
  #closed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#client = new grpc.Client(settings.target, settings.credentials, settings.channelOptions);
  }

  /** Makes one attempt of a unary call. Rejects with gRPC's ServiceError, or with an error of ours. */
  async unary(path: string, request: Buffer, options: CallOptions): Promise<Buffer> {
    const metadata = await this.#metadata(options.requestId);
    const { signal } = options;
    return this.within(signal, "the call", options.requestId, (end) => {
      const call = this.#client.makeUnaryRequest(path, same, same, request, metadata, callOptions(options), (error, answer) => {
        if (error) end.reject(error);
        else end.resolve(answer!);
      });
      return {
        cancel: () => {
          call.cancel();
        },
      };
    });
  }

  /** Begins a stream. Whoever calls it reads it to its end or cancels it. */
  async stream(options: CallOptions): Promise<Duplex> {
    const metadata = await this.#metadata(options.requestId);
    this.#checkOpen();
    const call = this.#client.makeBidiStreamRequest(STREAM, same, same, metadata, callOptions(options));
    const stop = (): void => {
      call.cancel();
    };
    this.#underWay.add(stop);
    call.once("status", () => this.#underWay.delete(stop));
    return call;
  }

  /** Waits. Rejects when the signal is aborted or the client closed. */
  async sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    await this.within<undefined>(signal, "the call", "", (end) => {
      const timer = setTimeout(end.resolve, milliseconds, undefined);
      return {
        cancel: () => {
          clearTimeout(timer);
        },
      };
    });
  }

  /** Runs something that ends early when its signal is aborted, or when the client closes. */
  within<T>(signal: AbortSignal | undefined, what: string, requestId: string, start: (end: End<T>) => Started): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#checkOpen();
      if (signal?.aborted) throw abortedBy(signal.reason, what, requestId);
      const settle = (): void => {
        this.#underWay.delete(onClose);
        signal?.removeEventListener("abort", onAbort);
      };
      const end = {
        resolve: (value: T): void => {
          settle();
          resolve(value);
        },
        reject: (error: unknown): void => {
          settle();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is whatever went wrong
          reject(error);
        },
      };
      const onClose = (): void => {
        end.reject(closed());
        started.cancel();
      };
      const onAbort = (): void => {
        end.reject(abortedBy(signal?.reason, what, requestId));
        started.cancel();
      };
      this.#underWay.add(onClose);
      signal?.addEventListener("abort", onAbort);
      const started = start(end);
    });
  }

  /** Ends the connection and what is under way. */
  close(): void {
    this.#closed = true;
    for (const stop of [...this.#underWay]) stop();
    this.#client.close();
  }

  get closed(): boolean {
    return this.#closed;
  }

  #checkOpen(): void {
    if (this.#closed) throw closed();
  }

  async #metadata(requestId: string): Promise<grpc.Metadata> {
    if (!fitsAHeader(requestId)) throw new ValidationError(`the request id is ${JSON.stringify(requestId)}: give printable ASCII`, { code: "wrong_type" });
    const metadata = new grpc.Metadata();
    metadata.set("x-request-id", requestId);
    const { token } = this.#settings;
    if (token === undefined) return metadata;
    const text = typeof token === "string" ? token : await token();
    if (!fitsAHeader(text)) {
      throw new AuthenticationError(
        "the token isn't a text of printable ASCII, which a header needs: does it end with a line break, as files do? Give token.trim()",
        { code: "token_malformed", requestId },
      );
    }
    metadata.set("authorization", `Bearer ${text}`);
    return metadata;
  }
}

/** What isn't printable ASCII is refused by gRPC, with an error that shows it. */
function fitsAHeader(text: unknown): boolean {
  return typeof text === "string" && /^[ -~]*$/.test(text);
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function callOptions(options: CallOptions): grpc.CallOptions {
  return Number.isFinite(options.deadline) ? { deadline: options.deadline } : {};
}

function closed(): ClosedError {
  return new ClosedError("the client was closed: make another one, or keep it open as long as it is used", { code: "canceled" });
}
