/**
 * The runner of the TypeScript client: it makes the calls of a job, and tells what it observed, a line of JSON for each case.
 *
 * The format is in conformance/README.md.
 */

import { readFileSync, writeSync } from "node:fs";
import { Client, RemoteMediaError, type Result } from "@remotemedia/grpc-client";
import { type Case, type Connect, type Job, type MetricsStep, type RunStep, type Step, limitsOf, retryOf } from "./job.js";
import { type Observation, Sounds, errorOf, mapped, resultOf } from "./observe.js";
import { rawCall } from "./raw.js";
import { Talk } from "./talk.js";

/** The client lacks what the case needs. */
class CannotRun extends Error {}

function connect(settings: Connect): Client {
  if (settings.client_version !== undefined) throw new CannotRun("the TypeScript client always says the version of its protocol");
  const { tls, token, timeout_ms: timeoutMs } = settings;
  return new Client(settings.address, {
    token,
    timeoutMs,
    tls: tls && { ...tls, serverName: tls.server_name },
    retry: retryOf(settings.retry),
    checkNodes: false,
  });
}

class Runner {
  readonly #control: string;
  readonly #sounds: Sounds;

  constructor(job: Job) {
    this.#control = job.control;
    this.#sounds = new Sounds(job.out);
  }

  async observe(one: Case): Promise<Observation> {
    try {
      await using client = connect(one.client);
      const steps: Observation[] = [];
      for (const step of one.steps) steps.push(await this.#step(client, one, step));
      return { case: one.name, steps };
    } catch (error) {
      if (error instanceof CannotRun) return { case: one.name, not_run: error.message };
      return { case: one.name, broken: error instanceof Error ? error.stack : String(error) };
    }
  }

  async #step(client: Client, one: Case, step: Step): Promise<Observation> {
    if (step.control) return this.#post(step.control.post);
    if (step.raw) return rawCall(one.client.address, step.raw);
    return orError(() => this.#call(client, one, step));
  }

  async #call(client: Client, one: Case, step: Step): Promise<Observation> {
    if (step.run) return this.#run(client, step.run);
    if (step.stream) return new Talk(this.#sounds, step.stream, () => this.#post(`/restart?server=${one.server}`)).run(client);
    if (step.health) return { health: await client.health(step.health.service) };
    if (step.metrics) return metricsOf(client, step.metrics);
    const { service, protocol, protocols, compatible, message, nodeTypes } = await client.version();
    return { version: { service, protocol, protocols, compatible, message, node_types: nodeTypes } };
  }

  async #post(path: string): Promise<Observation> {
    const answer = await fetch(this.#control + path, { method: "POST", signal: AbortSignal.timeout(60_000) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    return {};
  }

  async #run(client: Client, step: RunStep): Promise<Observation> {
    const once = async (): Promise<Observation> => ({ result: resultOf(await this.#execute(client, step), this.#sounds) });
    if (step.parallel === undefined) return once();
    return { outcomes: await Promise.all(Array.from({ length: step.parallel }, () => orError(once))) };
  }

  #execute(client: Client, step: RunStep): Promise<Result> {
    const controller = new AbortController();
    if (step.cancel_after_ms !== undefined) setTimeout(() => controller.abort(), step.cancel_after_ms);
    return client.run(step.manifest, mapped(step.audio ?? {}, (audio) => this.#sounds.audio(audio)), {
      data: step.data,
      limits: limitsOf(step.limits),
      outputs: step.outputs,
      labels: step.labels,
      timeoutMs: step.timeout_ms,
      requestId: step.request_id,
      signal: controller.signal,
    });
  }
}

async function orError(call: () => Promise<Observation>): Promise<Observation> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RemoteMediaError) return { error: errorOf(error) };
    throw error;
  }
}

async function metricsOf(client: Client, step: MetricsStep): Promise<Observation> {
  const m = await client.metrics({ nodeTypes: step.node_types, streams: step.streams, prometheus: step.prometheus === true && (step.prefixes ?? true) });
  return {
    metrics: {
      requests: m.requests,
      failed: m.requestsFailed,
      executions: m.activeExecutions,
      streams: m.activeStreams,
      samples: m.audioSamples,
      execute_count: m.executeLatency.count,
      node_types: mapped(m.nodeTypes, (one) => one.executions),
      open_streams: m.streams.map((one) => one.sessionId),
      prometheus: m.prometheusText,
    },
  };
}

const job = JSON.parse(readFileSync(process.argv.at(-1) ?? "", "utf8")) as Job;
const runner = new Runner(job);
for (const one of job.cases) writeSync(1, `${JSON.stringify(await runner.observe(one))}\n`);
