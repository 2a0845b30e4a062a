/** Audio: samples together with their rate and channels. */

import { readFile, writeFile } from "node:fs/promises";
import { type SampleFormat, type Samples, WIDTHS, bytesOf, formatOf, samplesOf } from "./bytes.js";
import { ValidationError } from "./errors.js";
import { isWav, readWav, writeWav } from "./wav.js";

export type { SampleFormat, Samples } from "./bytes.js";

export const MAX_RATE = 768_000;
export const MAX_CHANNELS = 64;

/** Audio as an object; {@link Audio} is the class with methods. */
export interface AudioObject {
  /** Interleaved where there are several channels: left, right, left, right. */
  readonly samples: Samples;
  /** Frames per second, in Hz. */
  readonly sampleRate: number;
  /** 1 where it isn't given. */
  readonly channels?: number | undefined;
  /** Index of the first frame on the sample clock of its stream. */
  readonly positionFrames?: number | undefined;
  /** Media time of the first frame. */
  readonly timestampMs?: number | undefined;
  /** Name of the stream that it belongs to. */
  readonly streamId?: string | undefined;
}

/** What an {@link Audio} may be told besides samples and rate. */
export type AudioOptions = Omit<AudioObject, "samples" | "sampleRate">;

/** Whatever audio can be made of: samples (with `sampleRate` in the options), an object, the path of a WAV file or its bytes. */
export type AudioLike = AudioObject | Samples | Uint8Array | string | URL;

/** The rate and channels of samples that come without. */
export interface SampleOptions {
  /** Sample rate of bare samples, in Hz. */
  readonly sampleRate?: number | undefined;
  /** Channels of bare samples, which are interleaved; 1 where it isn't given. */
  readonly channels?: number | undefined;
}

/**
 * Samples with their rate and channels. Nothing here copies samples unless it says so.
 *
 * What a service sent is a view of the message that was received, which lives as long as the view does.
 */
export class Audio implements AudioObject {
  readonly samples: Samples;
  readonly sampleRate: number;
  readonly channels: number;
  readonly positionFrames: number;
  readonly timestampMs: number;
  readonly streamId: string;

  constructor(samples: Samples, sampleRate: number, options: AudioOptions = {}) {
    this.samples = samples;
    this.sampleRate = sampleRate;
    this.channels = options.channels ?? 1;
    this.positionFrames = options.positionFrames ?? 0;
    this.timestampMs = options.timestampMs ?? 0;
    this.streamId = options.streamId ?? "";
    checkShape(this);
  }

  /** Encoding of the samples. */
  get format(): SampleFormat {
    return formatOf(this.samples) ?? "f32";
  }

  /** Samples of each channel. */
  get frames(): number {
    return this.samples.length / this.channels;
  }

  /** Length in milliseconds. */
  get durationMs(): number {
    return (this.frames / this.sampleRate) * 1000;
  }

  /** Copies one channel out, counted from 0. */
  channel(index: number): Samples {
    if (!Number.isInteger(index) || index < 0 || index >= this.channels) {
      throw new RangeError(`there is no channel ${index}: the audio has ${this.channels}, counted from 0`);
    }
    if (this.channels === 1) return this.samples.slice();
    const out = new (this.samples.constructor as new (length: number) => Samples)(this.frames);
    for (let i = 0, at = index; i < out.length; i++, at += this.channels) out[i] = this.samples[at] ?? 0;
    return out;
  }

  /** Gives the samples as float32 from -1 to 1; integers are converted to a new array. */
  toFloat32(): Float32Array {
    if (this.samples instanceof Float32Array) return this.samples;
    const scale = this.samples instanceof Int16Array ? 1 / 32768 : 1 / 2147483648;
    return Float32Array.from(this.samples, (value) => value * scale);
  }

  /** Cuts a piece out, by frames. */
  slice(start: number, end: number = this.frames): Audio {
    const first = Math.min(Math.max(start, 0), this.frames);
    return new Audio(this.samples.subarray(first * this.channels, Math.max(end, first) * this.channels), this.sampleRate, {
      channels: this.channels,
      positionFrames: this.positionFrames + first,
      timestampMs: this.timestampMs + (first / this.sampleRate) * 1000,
      streamId: this.streamId,
    });
  }

  /** Cuts the audio into pieces of a length, the last of which may be shorter. */
  *chunks(milliseconds: number): Generator<Audio, void, undefined> {
    const size = Math.round((milliseconds / 1000) * this.sampleRate);
    if (!(size >= 1)) {
      throw new RangeError(
        `chunks of ${milliseconds} ms are shorter than a sample at ${this.sampleRate} Hz: give a longer time, for instance 20`,
      );
    }
    for (let start = 0; start < this.frames; start += size) yield this.slice(start, Math.min(start + size, this.frames));
  }

  /** Gives the samples as in a raw PCM file: interleaved, little-endian. */
  toPcm(): Uint8Array {
    return bytesOf(this.samples);
  }

  /** Gives a WAV file with the same samples, bit for bit; they are copied. */
  toWav(): Uint8Array {
    return writeWav(this);
  }

  /** Writes a WAV file. */
  async save(path: string | URL): Promise<void> {
    await writeFile(path, this.toWav());
  }

  /** Reads a WAV file: PCM of 16, 24 or 32 bits (24 become 32), or 32-bit float. */
  static async load(path: string | URL): Promise<Audio> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      throw invalid(`the audio file ${String(path)} can't be read: ${(error as Error).message}`, error);
    }
    return fromObject(readWav(bytes, String(path)));
  }

  /** Takes the bytes of a WAV file. */
  static fromWav(bytes: Uint8Array): Audio {
    return fromObject(readWav(bytes, "the audio"));
  }

  /** Takes raw PCM: interleaved, little-endian. It is copied only where it doesn't lie at a multiple of the sample's width. */
  static fromPcm(bytes: Uint8Array, options: { sampleRate: number; channels?: number; format?: SampleFormat }): Audio {
    const format = options.format ?? "i16";
    const channels = options.channels ?? 1;
    if (!(format in WIDTHS)) throw invalid(`raw audio of ${format} can't be sent: use f32, i16 or i32`);
    if (!(channels >= 1) || bytes.byteLength % (WIDTHS[format] * channels) !== 0) {
      throw invalid(
        `${bytes.byteLength} bytes aren't whole frames of ${channels} channels of ${format}: give the channels and format that they have`,
      );
    }
    return new Audio(samplesOf(bytes, format, false), options.sampleRate, { channels });
  }

  /** Interleaves channels, which are of one type and length; they are copied. */
  static fromChannels(channels: readonly Samples[], sampleRate: number): Audio {
    const [first] = channels;
    if (first === undefined) throw invalid("no channels were given: give at least one array of samples");
    if (channels.some((one) => one.length !== first.length || one.constructor !== first.constructor)) {
      throw invalid("the channels differ in length or type: give arrays of one type and one length");
    }
    const out = new (first.constructor as new (length: number) => Samples)(first.length * channels.length);
    channels.forEach((one, c) => {
      for (let i = 0, at = c; i < one.length; i++, at += channels.length) out[at] = one[i] ?? 0;
    });
    return new Audio(out, sampleRate, { channels: channels.length });
  }
}

function fromObject(found: AudioObject): Audio {
  return new Audio(found.samples, found.sampleRate, found);
}

/** Makes audio of what lies in memory; bare samples need the rate. */
export function asAudio(source: unknown, options: SampleOptions): Audio {
  if (source instanceof Audio) return source;
  if (formatOf(source)) {
    if (options.sampleRate === undefined) {
      throw invalid("an array doesn't say its sample rate: give sampleRate in the options, or new Audio(samples, sampleRate)");
    }
    return new Audio(source as Samples, options.sampleRate, { channels: options.channels });
  }
  if (source instanceof Uint8Array) {
    if (isWav(source)) return Audio.fromWav(source);
    throw invalid("the bytes aren't those of a WAV file: for raw samples use Audio.fromPcm(bytes, { sampleRate, channels, format })");
  }
  if (ArrayBuffer.isView(source)) throw invalid(`samples are a ${source.constructor.name}: ${conversion(source)}`);
  if (isAudioObject(source)) return new Audio(source.samples, source.sampleRate, source);
  throw invalid(
    `audio can't be made of ${describe(source)}: give a Float32Array, Int16Array or Int32Array with its sampleRate, an Audio, or the path or bytes of a WAV file`,
  );
}

/** Makes audio of anything; files are read. */
export async function loadAudio(source: unknown, options: SampleOptions): Promise<Audio> {
  return typeof source === "string" || source instanceof URL ? Audio.load(source) : asAudio(source, options);
}

/** Tells audio as an object from a record of audio by node. */
export function isAudioObject(source: unknown): source is AudioObject {
  return typeof source === "object" && source !== null && "samples" in source && "sampleRate" in source;
}

/** Refuses what the service would, and what it would only warn of though it can't be meant. */
export function checkSendable(audio: Audio): void {
  if (audio.samples.length === 0) {
    throw invalid("the samples are empty: give at least one frame, or leave the chunk out");
  }
  if (audio.samples instanceof Float32Array && !allFinite(audio.samples)) throw invalid(whereNotFinite(audio));
}

function checkShape(audio: Audio): void {
  const { samples, sampleRate, channels } = audio;
  if (!formatOf(samples)) {
    const what: unknown = samples;
    throw invalid(`samples are ${describe(what)}: ${conversion(what)}`);
  }
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > MAX_RATE) {
    throw invalid(`the sample rate is ${String(sampleRate)}: give whole Hz from 1 to ${MAX_RATE}`);
  }
  if (!Number.isInteger(channels) || channels < 1 || channels > MAX_CHANNELS) {
    throw invalid(`channels is ${String(channels)}: give a whole number from 1 to ${MAX_CHANNELS}`);
  }
  if (samples.length % channels !== 0) {
    throw invalid(`${samples.length} samples aren't whole frames of ${channels} channels: they must be interleaved, and complete`);
  }
}

/** 0 times a number that isn't finite is NaN, which a sum keeps; four sums let the processor work ahead. */
function allFinite(samples: Float32Array): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const even = samples.length & ~3;
  for (let i = 0; i < even; i += 4) {
    a += (samples[i]!) * 0;
    b += (samples[i + 1]!) * 0;
    c += (samples[i + 2]!) * 0;
    d += (samples[i + 3]!) * 0;
  }
  for (let i = even; i < samples.length; i++) a += (samples[i]!) * 0;
  return a + b + c + d === 0;
}

function whereNotFinite({ samples, channels }: Audio): string {
  let first = -1;
  let count = 0;
  samples.forEach((value, i) => {
    if (Number.isFinite(value)) return;
    count++;
    if (first < 0) first = i;
  });
  const word = Number.isNaN(samples[first]) ? "NaN" : "infinite";
  const where = `the first is ${word} at frame ${Math.floor(first / channels)}`;
  return `${count} samples aren't finite, ${where}: clean them, for instance with samples.map((x) => (Number.isFinite(x) ? x : 0))`;
}

function conversion(samples: unknown): string {
  if (samples instanceof Float64Array || Array.isArray(samples)) return "convert them with Float32Array.from(samples)";
  return "give a Float32Array from -1 to 1, an Int16Array or an Int32Array; other integers must be scaled, not only converted";
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === undefined || value === null ? String(value) : `a ${typeof value}`;
  return `a ${(value as { constructor?: { name?: string } }).constructor?.name ?? "object"}`;
}

function invalid(message: string, cause?: unknown): ValidationError {
  return new ValidationError(message, { code: "bad_audio", cause });
}
