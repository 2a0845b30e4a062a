/** The server under test: one that runs already (REMOTEMEDIA_ADDR), or bin/remotemedia (REMOTEMEDIA_BIN) started here on a free port. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** The project's folder; tests are run from this one. */
export const ROOT = resolve(process.cwd(), "../../..");

/** Starts a server, or finds the one that runs; stop() ends one that was started, and tells its exit code. */
export async function serve(): Promise<{ address: string; stop: () => Promise<number | null> }> {
  const given = process.env.REMOTEMEDIA_ADDR;
  if (given !== undefined) return { address: given, stop: () => Promise.resolve(0) };
  const program = process.env.REMOTEMEDIA_BIN ?? join(ROOT, "bin", "remotemedia");
  if (!existsSync(program)) throw new Error(`${program} isn't there: build it (make build), or name another in REMOTEMEDIA_BIN`);
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--admin", "none"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const address = await new Promise<string>((found, failed) => {
    createInterface(child.stdout).on("line", (line) => {
      const entry = JSON.parse(line) as { message?: string; address?: string };
      if (entry.message === "serving" && entry.address !== undefined) found(entry.address);
    });
    void ended.then((code) => failed(new Error(`the server ended with ${String(code)} before it served`)));
  });
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  return { address, stop };
}
