/** How a client connects and calls. */

import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import { type RemoteMediaError, ValidationError } from "./errors.js";
import { VERSION } from "./version.js";

/** PEM text, its bytes, or the path of a file. */
export type Pem = string | Uint8Array | URL;

/** A bearer token, or a function that gives it, which is asked at each call. */
export type Token = string | (() => string | Promise<string>);

/** An encrypted connection. */
export interface TlsOptions {
  /** Certificates that are trusted; those that Node.js comes with where it isn't given. */
  readonly ca?: Pem | undefined;
  /** The client's own certificate, for services that ask for one (mTLS); with `key`. */
  readonly cert?: Pem | undefined;
  /** Its private key. */
  readonly key?: Pem | undefined;
  /** Name that the service's certificate must have, where that isn't the address's. */
  readonly serverName?: string | undefined;
}

/**
 * What happens when a service is unavailable or asks to come later. Executions have no effect but their answer, so all may be repeated.
 *
 * Where a service says how long to wait (`grpc-retry-pushback-ms`) that holds, and a negative time ends the attempts; otherwise the
 * wait doubles from one attempt to the next. Nothing is tried again beyond the call's timeout.
 */
export interface RetryOptions {
  /** Calls at most; 1 never repeats. 5 where it isn't given. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second; 100 where it isn't given. */
  readonly firstMs?: number | undefined;
  /** Milliseconds between two calls at most, unless the service asks for more; 2000 where it isn't given. */
  readonly longestMs?: number | undefined;
}

/** The settings of a client. */
export interface ClientOptions {
  /** `true` for an encrypted connection, or its settings. Without it nothing is encrypted, tokens included. */
  readonly tls?: boolean | TlsOptions | undefined;
  readonly token?: Token | undefined;
  /** Milliseconds for a call with its repetitions; 60000 where it isn't given, `Infinity` sets no bound. Streams have none of it. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /** `false` lets node types and parameters pass that aren't in this release's catalogue. */
  readonly checkNodes?: boolean | undefined;
  /** `false` doesn't ask for the service's version before the first call. */
  readonly checkVersion?: boolean | undefined;
  /** Channel options of @grpc/grpc-js; they override the client's own. */
  readonly channelOptions?: Readonly<Record<string, string | number>> | undefined;
}

/** The settings of a client, complete. */
export interface Settings {
  readonly target: string;
  readonly credentials: grpc.ChannelCredentials;
  readonly token: Token | undefined;
  readonly timeoutMs: number;
  readonly retry: Required<{ [K in keyof RetryOptions]: number }>;
  readonly checkNodes: boolean;
  readonly checkVersion: boolean;
  readonly channelOptions: grpc.ChannelOptions;
}

/** Results of long audio would wait for the other end at each 64 KiB, which is the default of HTTP/2. */
const WINDOW = 4 << 20;

/** Checks and completes a client's arguments. */
export function settingsOf(target: string, options: ClientOptions): Settings {
  const address = target || process.env.GRPC_SERVER_ADDR || "localhost:50051";
  if (/^https?:/.test(address)) {
    throw new ValidationError(`the address is ${address}: give host:port, and tls: true for an encrypted connection`, { code: "wrong_type" });
  }
  const tls = options.tls === true ? {} : options.tls || undefined;
  return {
    target: address,
    credentials: tls ? secure(tls) : grpc.credentials.createInsecure(),
    token: options.token,
    timeoutMs: checkedTimeout(options.timeoutMs) ?? 60_000,
    retry: {
      attempts: options.retry?.attempts ?? 5,
      firstMs: options.retry?.firstMs ?? 100,
      longestMs: options.retry?.longestMs ?? 2000,
    },
    checkNodes: options.checkNodes ?? true,
    checkVersion: options.checkVersion ?? true,
    channelOptions: { ...channelOptions(address, tls), ...options.channelOptions },
  };
}

/** Refuses times that aren't. */
export function checkedTimeout(milliseconds: number | undefined): number | undefined {
  if (milliseconds !== undefined && !(milliseconds >= 0)) {
    throw new ValidationError(`timeoutMs is ${String(milliseconds)}: give milliseconds, or Infinity for no bound`, { code: "wrong_type" });
  }
  return milliseconds;
}

function channelOptions(target: string, tls: TlsOptions | undefined): grpc.ChannelOptions {
  return {
    // Results of long audio are larger than gRPC's default of 4 MiB; the service bounds what it is asked for.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc-node.flow_control_window": WINDOW,
    // Attempts are counted here, where large requests can be repeated too.
    "grpc.enable_retries": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2000,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.primary_user_agent": `remotemedia-typescript/${VERSION}`,
    ...(/^(localhost:|127\.|\[::1\]|unix:)/.test(target) ? { "grpc.enable_http_proxy": 0 } : {}),
    ...(tls?.serverName ? { "grpc.ssl_target_name_override": tls.serverName } : {}),
  };
}

function secure(tls: TlsOptions): grpc.ChannelCredentials {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new ValidationError("a client certificate needs both cert and key: one of them is missing", { code: "wrong_type" });
  }
  try {
    return grpc.credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    throw new ValidationError(`the certificates can't be used: ${(error as Error).message}`, { code: "wrong_type", cause: error });
  }
}

function pem(source: Pem | undefined): Buffer | null {
  if (source === undefined) return null;
  if (source instanceof Uint8Array) return Buffer.from(source);
  if (typeof source === "string" && source.includes("-----BEGIN")) return Buffer.from(source);
  try {
    return readFileSync(source);
  } catch (error) {
    throw new ValidationError(`the PEM file ${String(source)} can't be read: ${(error as Error).message}`, { code: "wrong_type", cause: error });
  }
}

/**
 * Gives the milliseconds to wait behind a failed attempt, counted from 1, or undefined when that was the last.
 *
 * `pushback` is what the service asked for in the trailers, `left` the time until the deadline.
 */
export function waitBefore(
  retry: Settings["retry"],
  attempt: number,
  error: RemoteMediaError,
  pushback: number | undefined,
  left: number,
  random: () => number = Math.random,
): number | undefined {
  const safe = error.status === "UNAVAILABLE" || error.type === "rate_limited";
  if (!safe || attempt >= retry.attempts || (pushback !== undefined && pushback < 0)) return undefined;
  const own = Math.min(retry.firstMs * 2 ** (attempt - 1), retry.longestMs) * (0.8 + 0.4 * random());
  const wait = pushback ?? error.retryAfterMs ?? own;
  return wait < left ? wait : undefined;
}
