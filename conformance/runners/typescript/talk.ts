/** The step stream. */

import { type Audio, type Chunk, type Client, ClosedError, RemoteMediaError, type Stream, type StreamEvent } from "@remotemedia/grpc-client";
import { type GivenChunk, type StreamStep, limitsOf } from "./job.js";
import { type Observation, type Sounds, errorOf, mapped } from "./observe.js";

/** A stream that is conducted as a case describes it. */
export class Talk {
  readonly #sounds: Sounds;
  readonly #step: StreamStep;
  readonly #restart: () => Promise<unknown>;
  readonly #answers: Observation[] = [];
  readonly #audio: Record<string, Audio[]> = {};
  #progress = 0;

  constructor(sounds: Sounds, step: StreamStep, restart: () => Promise<unknown>) {
    this.#sounds = sounds;
    this.#step = step;
    this.#restart = restart;
  }

  async run(client: Client): Promise<Observation> {
    const step = this.#step;
    const stream = client.stream(step.manifest, {
      data: step.data,
      limits: limitsOf(step.limits),
      outputs: step.outputs,
      backpressure: step.backpressure,
      chunkSamples: step.chunk_samples,
      metricsInterval: step.metrics_interval,
      continueOnError: step.continue_on_error,
      timeoutMs: step.timeout_ms,
      requestId: step.request_id,
    });
    const chunks = (step.chunks ?? []).map((chunk) => this.#chunk(chunk));
    const { inputs, outputs, queue } = await stream.open(); // an error until here is the step's
    let error: Observation | undefined;
    try {
      await (step.lock_step === true ? this.#inLockStep(stream, chunks) : this.#atOnce(stream, chunks));
    } catch (caught) {
      if (!(caught instanceof RemoteMediaError)) throw caught;
      error = errorOf(caught);
    }
    const closed = stream.closed;
    const told = {
      ready: { inputs, outputs, queue },
      answers: this.#answers,
      audio: mapped(this.#audio, (pieces) => this.#sounds.keep(pieces)),
      progress: this.#progress,
      closed: closed && { reason: closed.reason, code: closed.code, chunks: closed.chunks, samples: closed.samples },
    };
    return { stream: told, error };
  }

  #chunk({ audio, data, node, at_ms: atMs }: GivenChunk): Chunk {
    return audio ? { audio: this.#sounds.audio(audio), node, atMs } : { data, node, atMs };
  }

  async #inLockStep(stream: Stream, chunks: readonly Chunk[]): Promise<void> {
    for (const chunk of chunks) {
      await stream.send(chunk);
      const before = this.#answers.length;
      while (this.#answers.length === before) {
        const event = await stream.next();
        if (event === undefined) throw new Error("the stream ended without an answer");
        await this.#take(event);
      }
    }
    await stream.close();
    await this.#drain(stream);
  }

  async #atOnce(stream: Stream, chunks: readonly Chunk[]): Promise<void> {
    const sending = this.#send(stream, chunks);
    try {
      await this.#drain(stream);
    } finally {
      if (stream.closed === undefined) stream.cancel();
      await sending;
    }
    const wrong = await sending;
    if (wrong) throw wrong;
  }

  /** Sends, and gives what the client refused. */
  async #send(stream: Stream, chunks: readonly Chunk[]): Promise<RemoteMediaError | undefined> {
    try {
      for (const chunk of chunks) await stream.send(chunk);
      if (this.#step.end !== "cancel") await stream.close();
    } catch (error) {
      if (error instanceof ClosedError) return undefined; // the stream has ended; receiving tells why
      if (!(error instanceof RemoteMediaError)) throw error;
      await stream.close();
      return error;
    }
    return undefined;
  }

  async #drain(stream: Stream): Promise<void> {
    for (let event = await stream.next(); event !== undefined; event = await stream.next()) {
      await this.#take(event);
      if (this.#step.end === "cancel" && this.#answers.length >= (this.#step.cancel_after ?? 0)) stream.cancel();
    }
  }

  async #take(event: StreamEvent): Promise<void> {
    if (event.type === "progress") this.#progress++;
    if (event.type === "chunk_failed") {
      this.#answers.push({ sequence: event.sequence, final: false, dropped: false, failed: errorOf(event.error) });
    } else if (event.type === "answer") {
      for (const [node, audio] of Object.entries(event.audio)) (this.#audio[node] ??= []).push(audio);
      const { sequence, final, dropped, warnings } = event;
      this.#answers.push({ sequence, final, dropped, frames: mapped(event.audio, ({ frames }) => frames), data: event.dataItems, warnings });
    } else return;
    if (this.#answers.length === this.#step.restart_after) await this.#restart();
  }
}
