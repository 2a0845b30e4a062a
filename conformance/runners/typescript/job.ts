/** The job: what a runner is told, in the format of conformance/README.md. */

import type { Backpressure, Limits, ManifestDocument, RetryOptions, TlsOptions } from "@remotemedia/grpc-client";

export type Format = "f32" | "i16" | "i32";

export interface Sound {
  readonly file: string;
  readonly first?: number;
  readonly bytes?: number;
  readonly rate: number;
  readonly channels: number;
  readonly format: Format;
}

export interface GivenLimits {
  readonly memory_bytes?: number;
  readonly timeout_ms?: number;
  readonly samples?: number;
}

interface Asked {
  readonly manifest: ManifestDocument;
  readonly data?: Record<string, unknown>;
  readonly limits?: GivenLimits;
  readonly outputs?: string[];
  readonly request_id?: string;
  readonly timeout_ms?: number;
}

export interface RunStep extends Asked {
  readonly audio?: Record<string, Sound>;
  readonly labels?: Record<string, string>;
  readonly cancel_after_ms?: number;
  readonly parallel?: number;
}

export interface GivenChunk {
  readonly audio?: Sound;
  readonly data?: unknown;
  readonly node?: string;
  readonly at_ms?: number;
}

export interface StreamStep extends Asked {
  readonly backpressure?: Backpressure;
  readonly continue_on_error?: boolean;
  readonly metrics_interval?: number;
  readonly chunk_samples?: number;
  readonly chunks?: GivenChunk[];
  readonly lock_step?: boolean;
  readonly end?: "close" | "cancel";
  readonly cancel_after?: number;
  readonly restart_after?: number;
}

export interface MetricsStep {
  readonly node_types?: boolean;
  readonly streams?: boolean;
  readonly prometheus?: boolean;
  readonly prefixes?: string[];
}

export interface RawStep {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly messages: unknown[];
}

export interface Step {
  readonly run?: RunStep;
  readonly stream?: StreamStep;
  readonly version?: object;
  readonly health?: { readonly service?: string };
  readonly metrics?: MetricsStep;
  readonly raw?: RawStep;
  readonly control?: { readonly post: string };
}

export interface Connect {
  readonly address: string;
  readonly token?: string;
  readonly tls?: TlsOptions & { readonly server_name?: string };
  readonly retry?: { readonly attempts?: number; readonly first_ms?: number; readonly longest_ms?: number };
  readonly timeout_ms?: number;
  readonly client_version?: string;
}

export interface Case {
  readonly name: string;
  readonly server: string;
  readonly client: Connect;
  readonly steps: Step[];
}

export interface Job {
  readonly out: string;
  readonly control: string;
  readonly cases: Case[];
}

/** Gives limits as the client takes them. */
export function limitsOf(given: GivenLimits | undefined): Limits | undefined {
  return given && { memoryBytes: given.memory_bytes, timeoutMs: given.timeout_ms, samples: given.samples };
}

/** Gives the settings of repetition as the client takes them. */
export function retryOf(given: Connect["retry"]): RetryOptions | undefined {
  return given && { attempts: given.attempts, firstMs: given.first_ms, longestMs: given.longest_ms };
}
