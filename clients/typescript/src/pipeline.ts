/**
 * The builder: `pipeline("speech").pipe(resample(16000), vad())`.
 *
 * The functions for the nodes are in `@remotemedia/grpc-client/nodes`, made from the service's catalogue, so that an editor knows their
 * parameters, defaults and documentation.
 */

import { ValidationError } from "./errors.js";
import { Manifest, type ManifestDocument, type NodeDocument } from "./manifest.js";

/** What every node may be given besides its parameters. */
export interface NodeOptions {
  /** Name of the node within the pipeline. Made from the type where it isn't given, and numbered where it isn't the first. */
  readonly id?: string | undefined;
  /** Return what the node gives, though other nodes come after it. */
  readonly output?: boolean | undefined;
  /** Milliseconds that the node may take for an item. */
  readonly timeoutMs?: number | undefined;
}

/** A step of a pipeline: a node, a pipeline, or branches that all get what came before. */
export type Step = Node | Pipeline | readonly Step[];

/** Whatever a pipeline can be made of; text is the path of a JSON or YAML file. */
export type PipelineLike = Pipeline | Node | Manifest | ManifestDocument | string | URL;

/** A node of any type; {@link node} makes one, and for those of the catalogue there are functions in `@remotemedia/grpc-client/nodes`. */
export class Node {
  readonly nodeType: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly options: NodeOptions;
  readonly #name: string;

  constructor(nodeType: string, params: Readonly<Record<string, unknown>> = {}, options: NodeOptions = {}, name: string = nodeType) {
    this.nodeType = nodeType;
    this.params = params;
    this.options = options;
    this.#name = name;
  }

  /** Starts a pipeline with this node. */
  pipe(...steps: readonly Step[]): Pipeline {
    return pipeline().pipe(this, ...steps);
  }

  /** The id that the node gets where none is given: `VAD` is `vad`, `SileroVADNode` is `silero_vad`. */
  get defaultId(): string {
    const words = this.#name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();
    return words.replace(/_node$/, "") || words;
  }

  /** Gives the node as a manifest has it. */
  toDocument(id: string): NodeDocument {
    const { output, timeoutMs } = this.options;
    return {
      id,
      node_type: this.nodeType,
      ...(Object.keys(this.params).length > 0 ? { params: this.params } : {}),
      ...(output === true ? { is_output_node: true } : {}),
      ...(timeoutMs !== undefined ? { timeout_ms: Math.max(1, Math.round(timeoutMs)) } : {}),
    };
  }
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly (readonly [number, number])[];
  readonly heads: readonly number[];
  readonly tails: readonly number[];
}

const EMPTY: Graph = { nodes: [], edges: [], heads: [], tails: [] };

/** A graph of nodes, built with {@link Pipeline.pipe}. It doesn't change: each `pipe` gives a new one. {@link pipeline} makes one. */
export class Pipeline {
  readonly name: string;
  readonly description: string;
  readonly #graph: Graph;
  #manifest: Manifest | undefined;

  constructor(name = "unnamed", description = "", graph: Graph = EMPTY) {
    this.name = name;
    this.description = description;
    this.#graph = graph;
  }

  /**
   * Puts steps behind the last ones, one after the other. A list branches: all its steps get what came before, and what is put behind
   * it gets what all branches give. A branch may have several steps: `[resample(8000).pipe(vad()), echo()]`.
   */
  pipe(...steps: readonly Step[]): Pipeline {
    return new Pipeline(this.name, this.description, steps.map(graphOf).reduce(joined, this.#graph));
  }

  /** The nodes, in the order in which they were put. */
  get nodes(): readonly Node[] {
    return this.#graph.nodes;
  }

  /** Ids of the nodes, in their order. */
  get ids(): readonly string[] {
    const taken = new Set(this.nodes.map((node) => node.options.id));
    return this.nodes.map((node) => {
      const id = node.options.id ?? free(node.defaultId, taken);
      taken.add(id);
      return id;
    });
  }

  /** Gives the pipeline as the document of a manifest; JSON.stringify writes the same. */
  toJSON(): ManifestDocument {
    const ids = this.ids;
    const id = (index: number): string => ids[index] ?? "";
    return {
      version: "v1",
      metadata: { name: this.name, ...(this.description === "" ? {} : { description: this.description }) },
      nodes: this.nodes.map((node, i) => node.toDocument(id(i))),
      connections: this.#graph.edges.map(([a, b]) => ({ from: id(a), to: id(b) })),
    };
  }

  /** The pipeline as it is sent. */
  get manifest(): Manifest {
    if (this.nodes.length === 0) {
      throw new ValidationError(`the pipeline ${JSON.stringify(this.name)} has no nodes: add one with pipe()`, { code: "manifest_empty" });
    }
    this.#manifest ??= new Manifest(this.toJSON());
    return this.#manifest;
  }

  /** @internal */
  static graphOf(one: Pipeline): Graph {
    return one.#graph;
  }
}

/** Starts a pipeline; name and description are for people and logs. */
export function pipeline(name?: string, description?: string): Pipeline {
  return new Pipeline(name, description);
}

/** Makes a node of any type by its name; what isn't given in `params` has the service's default. */
export function node(nodeType: string, params?: Readonly<Record<string, unknown>>, options?: NodeOptions): Node {
  return new Node(nodeType, params, options);
}

/** Makes a node of the catalogue: `first` is its first parameter, or the options, which hold parameters in camelCase. */
export function catalogued(name: string, nodeType: string, firstName: string, first: unknown, options: object | undefined): Node {
  const isOptions = typeof first === "object" && first !== null && !Array.isArray(first);
  const given: Record<string, unknown> = isOptions ? { ...first, ...options } : { [firstName]: first, ...options };
  const { id, output, timeoutMs, ...params } = given as NodeOptions & Record<string, unknown>;
  const named = Object.entries(params).filter(([, value]) => value !== undefined);
  return new Node(nodeType, Object.fromEntries(named.map(([key, value]) => [snakeCase(key), value])), { id, output, timeoutMs }, name);
}

/** Makes a manifest of what a caller gave. */
export function asManifest(source: PipelineLike): Manifest {
  const given: unknown = source;
  if (given instanceof Manifest) return given;
  if (given instanceof Pipeline) return given.manifest;
  if (given instanceof Node) return given.pipe().manifest;
  if (typeof given === "string" || given instanceof URL) return Manifest.load(given);
  if (typeof given === "object" && given !== null) return new Manifest(given as ManifestDocument);
  throw new ValidationError(
    `a pipeline can't be made of ${given === undefined || given === null ? String(given) : `a ${typeof given}`}: give a pipeline, a Manifest, an object or the path of a manifest`,
    { code: "manifest_missing" },
  );
}

function graphOf(step: Step): Graph {
  if (step instanceof Pipeline) return Pipeline.graphOf(step);
  if (step instanceof Node) return { nodes: [step], edges: [], heads: [0], tails: [0] };
  const branches: unknown = step;
  if (!Array.isArray(branches) || branches.length === 0) {
    throw new TypeError(`pipe() takes nodes, pipelines and lists of branches, not ${branches === undefined ? "undefined" : JSON.stringify(branches)}`);
  }
  return (branches as readonly Step[]).map(graphOf).reduce(beside, EMPTY);
}

function shifted(graph: Graph, by: number): Graph {
  return {
    nodes: graph.nodes,
    edges: graph.edges.map(([a, b]) => [a + by, b + by] as const),
    heads: graph.heads.map((head) => head + by),
    tails: graph.tails.map((tail) => tail + by),
  };
}

function beside(a: Graph, other: Graph): Graph {
  const b = shifted(other, a.nodes.length);
  return { nodes: [...a.nodes, ...b.nodes], edges: [...a.edges, ...b.edges], heads: [...a.heads, ...b.heads], tails: [...a.tails, ...b.tails] };
}

function joined(a: Graph, other: Graph): Graph {
  if (a.nodes.length === 0) return other;
  if (other.nodes.length === 0) return a;
  const b = shifted(other, a.nodes.length);
  const joins = a.tails.flatMap((tail) => b.heads.map((head) => [tail, head] as const));
  return { nodes: [...a.nodes, ...b.nodes], edges: [...a.edges, ...joins, ...b.edges], heads: a.heads, tails: b.tails };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function free(name: string, taken: ReadonlySet<string | undefined>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}_${number}`)) number++;
  return `${name}_${number}`;
}
