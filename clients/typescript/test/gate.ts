/**
 * A gate before the real service: it lets through what a rule allows, and otherwise answers as services under load, with tokens, or of
 * other releases do. Bytes pass through it untouched.
 */

import type { Duplex } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { EXECUTE, HEALTH, METRICS, NODES, STREAM, VERSION } from "#internal/connection";
import { type ErrorResponse, ErrorResponseSchema } from "#internal/gen/remotemedia/v1/common_pb";
import { assemble, field } from "#internal/wire";

export { EXECUTE, NODES, STREAM, VERSION } from "#internal/connection";

const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/** What a rule throws: a status, trailers, and perhaps the service's error in the details. */
export class Refusal extends Error {
  constructor(
    readonly code: grpc.status,
    message: string,
    readonly more: { error?: ErrorResponse; trailers?: Record<string, string> } = {},
  ) {
    super(message);
  }

  get status(): Partial<grpc.StatusObject> {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(this.more.trailers ?? {})) metadata.set(name, value);
    if (this.more.error) {
      const any = create(AnySchema, {
        typeUrl: "type.googleapis.com/remotemedia.v1.ErrorResponse",
        value: toBinary(ErrorResponseSchema, this.more.error),
      });
      const status = assemble([Buffer.from([8, this.code]), ...field(2, [Buffer.from(this.message)]), ...field(3, [toBinary(AnySchema, any)])]);
      metadata.set("grpc-status-details-bin", status);
    }
    return { code: this.code, details: this.message, metadata };
  }
}

/** Asked before each call; may throw a Refusal, or give the bytes of an answer. */
export type Rule = (method: string, headers: grpc.Metadata) => Uint8Array | undefined;

export class Gate implements AsyncDisposable {
  readonly calls: { method: string; headers: grpc.Metadata }[] = [];
  address = "";
  readonly #rule: Rule;
  readonly #client: grpc.Client;
  readonly #server = new grpc.Server(UNLIMITED);

  private constructor(target: string, rule: Rule) {
    this.#rule = rule;
    this.#client = new grpc.Client(target, grpc.credentials.createInsecure(), { ...UNLIMITED, "grpc.enable_http_proxy": 0 });
    for (const path of [EXECUTE, VERSION, METRICS, NODES, HEALTH]) {
      this.#server.register(path, (call: Unary, done: Done) => this.#unary(path, call, done), same, same, "unary");
    }
    this.#server.register(STREAM, (call: Bidi) => this.#stream(call), same, same, "bidi");
  }

  static async open(target: string, rule: Rule, credentials = grpc.ServerCredentials.createInsecure()): Promise<Gate> {
    const gate = new Gate(target, rule);
    const port = await new Promise<number>((bound, failed) => {
      gate.#server.bindAsync("localhost:0", credentials, (error, found) => (error ? failed(error) : bound(found)));
    });
    gate.address = `localhost:${port}`;
    return gate;
  }

  count(method = EXECUTE): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  #ask(method: string, headers: grpc.Metadata): Uint8Array | undefined {
    this.calls.push({ method, headers });
    return this.#rule(method, headers);
  }

  #unary(path: string, call: Unary, done: Done): void {
    try {
      const answer = this.#ask(path, call.metadata);
      if (answer) done(null, Buffer.from(answer));
      else this.#client.makeUnaryRequest(path, same, same, call.request, (error, found) => done(error, found));
    } catch (refusal) {
      done((refusal as Refusal).status);
    }
  }

  #stream(call: Bidi): void {
    try {
      this.#ask(STREAM, call.metadata);
    } catch (refusal) {
      call.emit("error", (refusal as Refusal).status);
      return;
    }
    const onward = this.#client.makeBidiStreamRequest(STREAM, same, same);
    onward.on("error", (error) => call.emit("error", error));
    call.on("cancelled", () => onward.cancel());
    (call as unknown as Duplex).pipe(onward as unknown as Duplex).pipe(call as unknown as Duplex);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface wants a promise
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    this.#client.close();
  }
}

type Unary = grpc.ServerUnaryCall<Buffer, Buffer>;
type Bidi = grpc.ServerDuplexStream<Buffer, Buffer>;
type Done = grpc.sendUnaryData<Buffer>;

function same(bytes: Buffer): Buffer {
  return bytes;
}
