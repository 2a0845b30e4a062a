/** The service under test: a child process of the program REMOTEMEDIA_BIN (bin/remotemedia-test). */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The project's folder; this file runs as clients/typescript/dist/test/test/service.js. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../../../..");
export const SPEECH = join(ROOT, "testdata", "speech", "two-sentences-44k1.wav");

const START_MS = 30_000;
const STOP_MS = 20_000;

export function binary(): string {
  return process.env.REMOTEMEDIA_BIN ?? join(ROOT, "bin", "remotemedia-test");
}

/** A service that runs until stop(), and is ended by its own handle. */
export class Service implements AsyncDisposable {
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(process: ChildProcess, ended: Promise<number | null>, address: string) {
    this.#process = process;
    this.#ended = ended;
    this.address = address;
  }

  static async start(flags: readonly string[] = [], listen = "127.0.0.1:0"): Promise<Service> {
    if (!existsSync(binary())) throw new Error(`${binary()} isn't there: make build-test, or name another program in REMOTEMEDIA_BIN`);
    const child = spawn(binary(), ["serve", "--listen", listen, "--admin", "none", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    const log: string[] = [];
    const serving = new Promise<string>((found, failed) => {
      for (const output of [child.stdout, child.stderr]) {
        createInterface(output).on("line", (line) => {
          log.push(line);
          const address = servedAddress(line);
          if (address !== undefined) found(address);
        });
      }
      void ended.then(() => failed(new Error(`the service didn't start; its last lines:\n${log.slice(-20).join("\n")}`)));
      setTimeout(() => failed(new Error("the service didn't start in time")), START_MS).unref();
    });
    try {
      return new Service(child, ended, await serving);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** Asks the process to end, waits, and returns its exit code; one that doesn't end is killed and reported. */
  async stop(): Promise<number | null> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
    const code = await this.#ended;
    clearTimeout(timer);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const code = await this.stop();
    if (code !== 0) throw new Error(`the service didn't end cleanly: ${String(code)}`);
  }
}

function servedAddress(line: string): string | undefined {
  try {
    const entry = JSON.parse(line) as { message?: string; address?: string };
    return entry.message === "serving" ? entry.address : undefined;
  } catch {
    return undefined;
  }
}
