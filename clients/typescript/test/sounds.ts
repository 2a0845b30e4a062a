/** Audio for tests. */

import type { Samples } from "@remotemedia/grpc-client";

/** One second of a tone, 48 kHz mono. */
export const TONE = Float32Array.from({ length: 48000 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 48000));
export const RATE = { sampleRate: 48000 };

/** The same numbers each time, from 0 to 1. */
export function random(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Noise at full scale. */
export function noise<K extends new (length: number) => Samples>(kind: K, length: number, seed = 1): InstanceType<K> {
  const next = random(seed);
  const out = new kind(length);
  const scale = out instanceof Float32Array ? 1 : 2 ** (8 * out.BYTES_PER_ELEMENT - 1) - 1;
  for (let i = 0; i < length; i++) out[i] = out instanceof Float32Array ? next() * 2 - 1 : Math.round((next() * 2 - 1) * scale);
  return out as InstanceType<K>;
}

/** Joins samples of one type. */
export function joined(parts: readonly Samples[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
