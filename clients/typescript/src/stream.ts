/** Streams. */

import type { Connection, Duplex } from "./connection.js";
import type { ChunkLike, Conversation } from "./conversation.js";
import { CallCancelledError, ClosedError, abortedBy } from "./errors.js";
import { Turns } from "./turns.js";
import type { Answer, Closed, Ready, StreamEvent } from "./results.js";

/** What a stream needs of its client. */
export interface Opening {
  /** Begins the call. */
  readonly start: (signal: AbortSignal) => Promise<Duplex>;
  /** Makes our error of gRPC's. */
  readonly failure: (error: unknown) => Error;
  /** Waits for the next attempt, or throws where there is none. */
  readonly pause: (attempt: number, error: unknown, signal: AbortSignal) => Promise<void>;
}

/**
 * A pipeline on the service that is fed piece by piece. Its nodes keep their state from one chunk to the next.
 *
 * Iterating gives the events: `ready`, an `answer` for each chunk, perhaps a final one, now and then `progress`, and `closed`. A stream
 * that ends otherwise throws why. Leaving the loop early cancels the stream, as does leaving the scope of `await using`; {@link next}
 * takes one event and leaves the stream as it is.
 *
 * The service stops reading when its queue is full and answers aren't taken, so that a program that awaits many `send` before it takes
 * the first event waits for ever: give a source, or read at the same time.
 */
export class Stream implements AsyncIterable<StreamEvent>, AsyncDisposable {
  readonly #conversation: Conversation;
  readonly #connection: Connection;
  readonly #opening: Opening;
  readonly #source: AsyncIterable<ChunkLike> | Iterable<ChunkLike> | undefined;
  readonly #abort = new AbortController();
  readonly #sending = new Turns();
  readonly #reading = new Turns();
  #opened: Promise<void> | undefined;
  #call: Duplex | undefined;
  #messages: AsyncIterator<Buffer, void, undefined> | undefined;
  /** Ends the waits of those who send. */
  readonly #waiting = new Set<() => void>();
  #readyTold = false;
  #over = false;
  #error: unknown;
  #sourceError: { readonly error: unknown } | undefined;
  #unfollow: () => void = () => undefined;

  /** @internal */
  constructor(
    conversation: Conversation,
    connection: Connection,
    source: AsyncIterable<ChunkLike> | Iterable<ChunkLike> | undefined,
    signal: AbortSignal | undefined,
    opening: Opening,
  ) {
    this.#conversation = conversation;
    this.#connection = connection;
    this.#source = source;
    this.#opening = opening;
    if (signal) this.#follow(signal);
  }

  /** What the service said when it was ready; undefined until the stream is open. */
  get session(): Ready | undefined {
    return this.#conversation.session;
  }

  /** The service's last word, where it came. */
  get closed(): Closed | undefined {
    return this.#conversation.closed;
  }

  /** Opens the stream, which all other methods do where nothing did yet, and gives what the service says of it. */
  async open(): Promise<Ready> {
    this.#opened ??= this.#open();
    await this.#opened;
    if (this.session === undefined) throw (this.#error ?? over()) as Error;
    return this.session;
  }

  /**
   * Sends one chunk. The promise is kept when the service can take the next one, and the samples may be changed as soon as this returns.
   *
   * A chunk that can't be sent is refused with a {@link ValidationError}, and the stream may be used on.
   */
  async send(chunk: ChunkLike): Promise<void> {
    if (this.#source !== undefined) {
      throw new ClosedError("the stream takes its chunks from its source: open one without a source to send", { code: "canceled" });
    }
    if (this.#conversation.closing) throw new ClosedError("the stream was closed: open another one to send more", { code: "canceled" });
    if (this.#over) throw over();
    const message = this.#conversation.chunk(chunk);
    await this.#sending.take(async () => {
      await this.open();
      await this.#write(message);
    });
  }

  /** Asks the service to process what was sent and to flush the nodes. The answers still come; a second close does nothing. */
  async close(): Promise<void> {
    if (this.#conversation.closing) return;
    const message = this.#conversation.close();
    await this.#sending.take(async () => {
      await this.open();
      await this.#write(message);
      this.#call?.end();
    });
  }

  /** Ends the stream at once: what is queued and in work in the service is dropped. */
  cancel(): void {
    this.#stop(new CallCancelledError("the stream was cancelled", { code: "canceled", status: "CANCELLED" }));
  }

  /** Takes the next event; undefined behind the last. */
  async next(): Promise<StreamEvent | undefined> {
    return this.#reading.take(() => this.#next());
  }

  /** Gives the answers only; a chunk that failed throws its error. */
  async *answers(): AsyncGenerator<Answer, void, undefined> {
    for await (const event of this) {
      if (event.type === "answer") yield event;
      else if (event.type === "chunk_failed") throw event.error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent, void, undefined> {
    try {
      for (let event = await this.next(); event !== undefined; event = await this.next()) yield event;
    } finally {
      this.#leave();
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface wants a promise
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #leave(): void {
    this.#stop(new ClosedError("the stream was left before its end", { code: "canceled" }));
  }

  #follow(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#stop(abortedBy(signal.reason, "the stream"));
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort);
    this.#unfollow = () => {
      signal.removeEventListener("abort", onAbort);
    };
  }

  #stop(error: Error): void {
    if (this.#over) return;
    this.#finish(error);
    this.#abort.abort(error);
  }

  #endWaits(): void {
    for (const stop of [...this.#waiting]) stop();
  }

  #finish(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error ?? this.#sourceError?.error;
    this.#unfollow();
    this.#endWaits();
  }

  /** Begins the call, and repeats that while the service is unavailable: nothing but the pipeline has been sent yet. */
  async #open(): Promise<void> {
    for (let attempt = 1; !this.#over && this.#call === undefined; attempt++) {
      try {
        await this.#try();
      } catch (error) {
        try {
          await this.#opening.pause(attempt, error, this.#abort.signal);
        } catch (last) {
          this.#finish(last);
        }
      }
    }
  }

  async #try(): Promise<void> {
    const call = await this.#opening.start(this.#abort.signal);
    const messages = messagesOf(call);
    const stop = (): void => {
      call.cancel();
    };
    if (this.#over) stop();
    else this.#abort.signal.addEventListener("abort", stop);
    call.write(this.#conversation.init);
    const first = await messages.next();
    this.#call = call;
    this.#messages = messages;
    call.once("status", () => {
      this.#endWaits();
    });
    if (first.done) this.#conversation.end();
    else if (this.#conversation.receive(first.value) === undefined) await this.#drain();
    if (this.session === undefined) this.#finish(this.#conversation.fatal ?? over());
    else if (this.#source !== undefined) void this.#feed(this.#source);
  }

  /** Sends a source's chunks. What it throws is told when the answers to the chunks before it have come. */
  async #feed(source: AsyncIterable<ChunkLike> | Iterable<ChunkLike>): Promise<void> {
    try {
      await this.#pull(source);
    } catch (error) {
      if (this.#over || error instanceof Ended) return; // the reader tells why the stream ended
      this.#sourceError = { error };
    }
    try {
      await this.close();
    } catch {
      return; // as above
    }
  }

  async #pull(source: AsyncIterable<ChunkLike> | Iterable<ChunkLike>): Promise<void> {
    const chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    const state = { ended: false };
    const take = async (): Promise<IteratorResult<ChunkLike, unknown>> => {
      try {
        const item = await chunks.next();
        state.ended = item.done ?? false;
        return item;
      } catch (error) {
        state.ended = true;
        throw error;
      }
    };
    try {
      for (let item = await this.#unlessOver(take()); !item.done && !this.#conversation.closing; item = await this.#unlessOver(take())) {
        await this.#write(this.#conversation.chunk(item.value));
      }
    } finally {
      // Nobody waits for a source that may itself be waiting for its next chunk.
      if (!state.ended) void Promise.resolve(chunks.return?.()).catch(() => undefined);
    }
  }

  #write(message: Buffer): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#call?.write(message, (error?: Error | null) => {
        if (error) reject(new Ended());
        else resolve();
      });
    });
    return this.#unlessOver(written);
  }

  /** Waits for something, but not beyond the end of the stream. */
  async #unlessOver<T>(wanted: Promise<T>): Promise<T> {
    let stop: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      stop = () => {
        reject(new Ended());
      };
    });
    if (this.#over) stop();
    this.#waiting.add(stop);
    try {
      return await Promise.race([wanted, ended]);
    } finally {
      this.#waiting.delete(stop);
    }
  }

  async #next(): Promise<StreamEvent | undefined> {
    if (!this.#readyTold) {
      const ready = await this.open();
      this.#readyTold = true;
      return ready;
    }
    while (!this.#over) {
      const event = await this.#receive();
      if (event !== undefined) return event;
    }
    if (this.#error !== undefined) throw this.#error as Error;
    return undefined;
  }

  async #receive(): Promise<StreamEvent | undefined> {
    let item: IteratorResult<Buffer, void>;
    try {
      item = await (this.#messages!).next();
    } catch (error) {
      this.#finish(this.#conversation.fatal ?? this.#lost(error));
      return undefined;
    }
    if (item.done) {
      this.#conversation.end();
      this.#finish(this.#conversation.fatal);
      return undefined;
    }
    const event = this.#conversation.receive(item.value);
    if (event === undefined) {
      await this.#drain();
      this.#finish(this.#conversation.fatal);
      return undefined;
    }
    if (event.type === "closed" && this.#sourceError !== undefined) {
      this.#finish(this.#sourceError.error);
      return undefined;
    }
    return event;
  }

  /** A client that closes cancels its calls, and that isn't the caller's doing. */
  #lost(error: unknown): Error {
    const closed = new ClosedError("the client was closed while the stream was open", { code: "canceled" });
    return this.#connection.closed ? closed : this.#opening.failure(error);
  }

  /** Reads what follows an error, so that the stream's resources are freed and the service's last word is kept. */
  async #drain(): Promise<void> {
    try {
      const messages = this.#messages!;
      for (let item = await messages.next(); !item.done; item = await messages.next()) this.#conversation.receive(item.value);
    } catch {
      return; // the error that was told first is the one that counts
    }
  }
}

/** Thrown to senders of a stream that has ended; the reader tells why. */
class Ended extends ClosedError {
  constructor() {
    super("the stream has ended: iterate it to see why", { code: "canceled" });
  }

  override get name(): string {
    return "ClosedError";
  }
}

function over(): ClosedError {
  return new Ended();
}

/** Gives the messages of a call; where it failed, that is thrown behind the last. */
function messagesOf(call: Duplex): AsyncIterator<Buffer, void, undefined> {
  let failed: { readonly error: Error } | undefined;
  call.on("error", (error: Error) => {
    failed ??= { error };
  });
  async function* messages(): AsyncGenerator<Buffer, void, undefined> {
    for await (const message of call as AsyncIterable<Buffer>) yield message;
    if (failed) throw failed.error;
  }
  return messages();
}
