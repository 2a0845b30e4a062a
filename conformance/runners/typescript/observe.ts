/** What the runner tells: samples as files, results and errors as JSON. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Audio, type RemoteMediaError, type Result } from "@remotemedia/grpc-client";
import type { Sound } from "./job.js";

export type Observation = Record<string, unknown>;

/** Reads the job's samples, and keeps those that were received. */
export class Sounds {
  readonly #out: string;
  readonly #files = new Map<string, Buffer>();
  #number = 0;

  constructor(out: string) {
    this.#out = out;
  }

  audio({ file, first = 0, bytes, rate, channels, format }: Sound): Audio {
    let data = this.#files.get(file);
    if (data === undefined) this.#files.set(file, (data = readFileSync(file)));
    return Audio.fromPcm(data.subarray(first, bytes === undefined ? data.length : first + bytes), { sampleRate: rate, channels, format });
  }

  /** Writes pieces of audio, joined, to a file. */
  keep(pieces: readonly Audio[]): Sound {
    const file = join(this.#out, `${this.#number++}.raw`);
    writeFileSync(file, Buffer.concat(pieces.map((piece) => piece.toPcm())));
    const [first] = pieces as readonly [Audio];
    return { file, rate: first.sampleRate, channels: first.channels, format: first.format };
  }
}

export function mapped<A, B>(record: Readonly<Record<string, A>>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
}

export function resultOf(result: Result, sounds: Sounds): Observation {
  return {
    status: result.status,
    audio: mapped(result.audio, (audio) => sounds.keep([audio])),
    audio_items: mapped(result.audioItems, (items) => items.map((item) => item.frames)),
    data: result.dataItems,
    warnings: result.warnings,
    nodes: mapped(result.nodes, ({ status, samples }) => ({ status, samples })),
    request_id: result.requestId,
    wall_ms: result.metrics.wallMs,
    memory_bytes: result.metrics.memoryBytes,
  };
}

export function errorOf(error: RemoteMediaError): Observation {
  return {
    kind: error.type === "cancelled" ? "canceled" : error.type,
    code: error.code,
    message: error.message,
    node_id: error.nodeId,
    context: error.context,
    problems: error.problems.length,
    retry_after_ms: error.retryAfterMs,
    request_id: error.requestId,
    sequence: error.sequence,
  };
}
