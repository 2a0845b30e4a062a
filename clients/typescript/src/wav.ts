/** WAV files. A file's sizes are checked against the bytes that are there. RIFF and RF64 are read; RIFF is written. */

import type { Audio, AudioObject } from "./audio.js";
import { type SampleFormat, bytesOf, samplesOf } from "./bytes.js";
import { ValidationError } from "./errors.js";

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const LARGEST = 0xffffffff;
const FORMATS: Readonly<Record<string, SampleFormat>> = { "1/16": "i16", "1/32": "i32", "3/32": "f32" };

interface Form {
  tag: number;
  channels: number;
  sampleRate: number;
  bits: number;
}

/** Reports whether bytes begin as a WAV file does. */
export function isWav(bytes: Uint8Array): boolean {
  const magic = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4)).toString("latin1");
  return magic === "RIFF" || magic === "RF64";
}

/** Reads a file's bytes. The samples are a view of them, except those of 24 bits and those at an odd place. */
export function readWav(bytes: Uint8Array, name: string): AudioObject {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isWav(data) || data.toString("latin1", 8, 12) !== "WAVE") throw bad(name, "isn't a WAV file: convert it to WAV first");
  let form: Form | undefined;
  for (let at = 12; at + 8 <= data.length; ) {
    const id = data.toString("latin1", at, at + 4);
    const size = data.readUInt32LE(at + 4);
    at += 8;
    if (id === "fmt ") form = readForm(data.subarray(at, at + size), name);
    if (id === "data") {
      if (form === undefined) throw bad(name, "has samples before their format: it is broken");
      return readSamples(data.subarray(at, at + size), form, name);
    }
    at += size + (size % 2);
  }
  throw bad(name, "has no samples: it is cut off or broken");
}

function readForm(form: Buffer, name: string): Form {
  if (form.length < 16) throw bad(name, "is cut off in its header");
  const channels = form.readUInt16LE(2);
  const sampleRate = form.readUInt32LE(4);
  let tag = form.readUInt16LE(0);
  if (tag === EXTENSIBLE && form.length >= 26) tag = form.readUInt16LE(24);
  if (channels < 1 || sampleRate < 1) throw bad(name, `says that it has ${channels} channels at ${sampleRate} Hz: it is broken`);
  return { tag, channels, sampleRate, bits: form.readUInt16LE(14) };
}

function readSamples(data: Buffer, { tag, channels, sampleRate, bits }: Form, name: string): AudioObject {
  const whole = data.subarray(0, data.length - (data.length % (Math.max(bits >> 3, 1) * channels)));
  if (tag === PCM && bits === 24) return { samples: widened(whole), sampleRate, channels };
  const format = FORMATS[`${tag}/${bits}`];
  if (format === undefined) {
    throw bad(name, `has samples of kind ${tag} with ${bits} bits: convert it to 16-bit, 24-bit or 32-bit PCM, or to 32-bit float`);
  }
  return { samples: samplesOf(whole, format, false), sampleRate, channels };
}

/** Makes 32-bit samples of 24-bit ones, at the same level. */
function widened(data: Buffer): Int32Array {
  const out = new Int32Array(data.length / 3);
  for (let i = 0; i < out.length; i++) out[i] = data.readIntLE(i * 3, 3) << 8;
  return out;
}

/** Writes a file. */
export function writeWav({ samples, sampleRate, channels, format }: Audio): Uint8Array {
  const size = 36 + samples.byteLength;
  if (size > LARGEST) {
    throw new ValidationError(`${samples.byteLength} bytes of samples don't fit into a WAV file, which holds 4 GiB: write several files`, {
      code: "bad_audio",
    });
  }
  const frame = samples.BYTES_PER_ELEMENT * channels;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(size, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(format === "f32" ? FLOAT : PCM, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * frame, 28);
  head.writeUInt16LE(frame, 32);
  head.writeUInt16LE(samples.BYTES_PER_ELEMENT * 8, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, bytesOf(samples)]);
}

function bad(name: string, what: string): ValidationError {
  return new ValidationError(`${name} ${what}`, { code: "bad_audio" });
}
