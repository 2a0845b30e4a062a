/** Samples as bytes of the wire, which are interleaved and little-endian, and back. */

import { endianness } from "node:os";

/** Samples of audio: float32 from -1 to 1, or integers of 16 or 32 bits; interleaved where there are several channels. */
export type Samples = Float32Array | Int16Array | Int32Array;

/** Name of an encoding of samples. */
export type SampleFormat = "f32" | "i16" | "i32";

const BIG = endianness() === "BE";
/** Shorter runs are copied rather than moved, so that a move can't reach what stands before their field. */
const SHORTEST_MOVE = 128;

export const WIDTHS: Readonly<Record<SampleFormat, 2 | 4>> = { f32: 4, i16: 2, i32: 4 };

/** Names the format of samples; undefined for other arrays. */
export function formatOf(samples: unknown): SampleFormat | undefined {
  if (samples instanceof Float32Array) return "f32";
  if (samples instanceof Int16Array) return "i16";
  return samples instanceof Int32Array ? "i32" : undefined;
}

/** Gives the bytes of samples: a view of them, except on big-endian machines. */
export function bytesOf(samples: Samples, swap = BIG): Uint8Array {
  const view = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return swap ? swapped(Buffer.from(view), samples.BYTES_PER_ELEMENT) : view;
}

/**
 * Gives the samples that bytes are: a view of them.
 *
 * Typed arrays must begin at a multiple of their width. Bytes that lie elsewhere are moved within `bytes.buffer` where `mayMove` says
 * that nobody needs the few bytes before them, and are copied otherwise.
 */
export function samplesOf(bytes: Uint8Array, format: SampleFormat, mayMove: boolean, swap = BIG): Samples {
  const width = WIDTHS[format];
  let { buffer, byteOffset } = bytes;
  const count = bytes.byteLength / width;
  const off = byteOffset % width;
  if (off !== 0 || (swap && !mayMove)) {
    if (mayMove && bytes.byteLength >= SHORTEST_MOVE) {
      new Uint8Array(buffer, byteOffset - off, bytes.byteLength + off).copyWithin(0, off);
      byteOffset -= off;
    } else {
      buffer = new Uint8Array(bytes).buffer;
      byteOffset = 0;
    }
  }
  if (swap) swapped(Buffer.from(buffer, byteOffset, bytes.byteLength), width);
  if (format === "f32") return new Float32Array(buffer, byteOffset, count);
  return format === "i16" ? new Int16Array(buffer, byteOffset, count) : new Int32Array(buffer, byteOffset, count);
}

function swapped(bytes: Buffer, width: number): Buffer {
  return width === 2 ? bytes.swap16() : bytes.swap32();
}
