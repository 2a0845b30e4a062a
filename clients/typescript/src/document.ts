/** Manifests as documents: their fields with all spellings, checked and made a message. */

import { create } from "@bufbuild/protobuf";
import { ValidationError } from "./errors.js";
import { DataTypeHint } from "./gen/remotemedia/v1/common_pb.js";
import {
  type CapabilityRequirements,
  CapabilityRequirementsSchema,
  type Connection,
  ConnectionSchema,
  type NodeManifest,
  NodeManifestSchema,
  type PipelineManifest,
  PipelineManifestSchema,
  RuntimeHint,
} from "./gen/remotemedia/v1/execution_pb.js";
import { encodeJson, isObject, own } from "./json.js";
import { didYouMean } from "./nearest.js";

/** A node of a manifest. */
export interface NodeDocument {
  readonly id: string;
  /** `type` is accepted too. */
  readonly node_type?: string;
  readonly type?: string;
  readonly params?: Readonly<Record<string, unknown>> | string | null;
  readonly is_output_node?: boolean;
  readonly timeout_ms?: number;
  readonly [field: string]: unknown;
}

/** What a JSON or YAML manifest holds. Each name may also be spelled in camelCase. */
export interface ManifestDocument {
  readonly version: string;
  readonly metadata?: { readonly name?: string; readonly description?: string; readonly created_at?: string };
  readonly nodes: readonly NodeDocument[];
  readonly connections?: readonly ({ readonly from: string; readonly to: string } | Readonly<Record<string, string>>)[];
  readonly [field: string]: unknown;
}

type FieldKind = "text" | "boolean" | "number" | "integer" | "list" | "object" | "any";
type Table = Readonly<Record<string, readonly [FieldKind, ...string[]]>>;
type Values = Readonly<Record<string, unknown>>;

/** The fields of each object: what they hold, and the spellings that they have besides their camelCase. */
const MANIFEST: Table = { version: ["any"], metadata: ["object"], nodes: ["list"], connections: ["list"] };
const METADATA: Table = { name: ["text"], description: ["text"], created_at: ["text"] };
const NODE: Table = {
  id: ["text"],
  node_type: ["text", "type"],
  params: ["any", "config"],
  is_streaming: ["boolean"],
  capabilities: ["object"],
  host: ["text"],
  runtime_hint: ["text"],
  execution: ["any"],
  is_output_node: ["boolean"],
  timeout_ms: ["integer"],
  input_types: ["list"],
  output_types: ["list"],
};
const CAPABILITIES: Table = { gpu: ["object"], cpu: ["object"], memory_gb: ["number"] };
const GPU: Table = { type: ["text"], min_memory_gb: ["number"], required: ["boolean"] };
const CPU: Table = { cores: ["integer"], arch: ["text"] };
const CONNECTION: Table = {
  from: ["text", "from_node", "fromNode"],
  to: ["text", "to_node", "toNode"],
  from_output: ["text", "output_port", "outputPort"],
  to_input: ["text", "input_port", "inputPort"],
};
const HINTS: Readonly<Record<string, RuntimeHint>> = {
  rust_python: RuntimeHint.RUSTPYTHON,
  cpython: RuntimeHint.CPYTHON,
  cpython_wasm: RuntimeHint.CPYTHON_WASM,
  auto: RuntimeHint.AUTO,
};

/** Makes a message of a document. */
export function manifestMessage(document: unknown): PipelineManifest {
  const top = pick(document, MANIFEST, "manifest");
  const nodes = (top.nodes ?? []) as readonly unknown[];
  if (top.version === undefined || top.version === "") {
    throw invalid("missing_field", 'the manifest has no version: add version: "v1"');
  }
  if (typeof top.version !== "string" && typeof top.version !== "number") {
    throw invalid("wrong_type", `the manifest's version is ${kindOf(top.version)}: give "v1"`);
  }
  if (nodes.length === 0) throw invalid("manifest_empty", "the manifest has no nodes: give a list of at least one");
  const metadata = pick(top.metadata ?? {}, METADATA, "metadata");
  const message = create(PipelineManifestSchema, {
    version: String(top.version),
    metadata: { name: text(metadata.name), description: text(metadata.description), createdAt: text(metadata.created_at) },
    nodes: nodes.map((node, i) => nodeMessage(node, `nodes[${i}]`)),
    connections: ((top.connections ?? []) as readonly unknown[]).map((edge, i) => connectionMessage(edge, `connections[${i}]`)),
  });
  checkIds(message);
  return message;
}

function nodeMessage(document: unknown, path: string): NodeManifest {
  const values = pick(document, NODE, path);
  for (const name of ["id", "node_type"]) if (!values[name]) throw invalid("missing_field", `${path} has no ${name}: give it one`);
  const needs = values.capabilities === undefined ? {} : { capabilities: capabilities(values.capabilities, `${path}.capabilities`) };
  return create(NodeManifestSchema, {
    id: text(values.id),
    nodeType: text(values.node_type),
    params: paramsText(values.params, path),
    isStreaming: values.is_streaming === true,
    host: text(values.host),
    runtimeHint: hint(values.runtime_hint, path),
    isOutputNode: values.is_output_node === true,
    timeoutMs: BigInt((values.timeout_ms ?? 0) as number),
    inputTypes: kinds(values.input_types, `${path}.input_types`),
    outputTypes: kinds(values.output_types, `${path}.output_types`),
    ...needs,
  });
}

/** Gives the JSON text of parameters, which may be an object or text already. */
function paramsText(params: unknown, path: string): string {
  if (params === undefined || params === null) return "";
  if (typeof params === "string") return params;
  if (!isObject(params)) throw invalid("wrong_type", `${path}.params is ${kindOf(params)}: give an object of names and values`);
  return encodeJson(params, `${path}.params`);
}

function hint(name: unknown, path: string): RuntimeHint {
  if (name === undefined) return RuntimeHint.UNSPECIFIED;
  const found = own(HINTS, text(name));
  if (found === undefined) {
    throw invalid("wrong_type", `${path}.runtime_hint is ${text(name)}: use one of ${list(Object.keys(HINTS))}, or leave it out`);
  }
  return found;
}

function kinds(names: unknown, path: string): DataTypeHint[] {
  return ((names ?? []) as readonly unknown[]).map((name) => {
    const found = typeof name === "string" ? (DataTypeHint as unknown as Record<string, DataTypeHint>)[name.toUpperCase()] : undefined;
    if (found === undefined) throw invalid("wrong_type", `${path}: there is no kind of data named ${JSON.stringify(name)}`);
    return found;
  });
}

function capabilities(document: unknown, path: string): CapabilityRequirements {
  const values = pick(document, CAPABILITIES, path);
  const gpu = values.gpu === undefined ? undefined : pick(values.gpu, GPU, `${path}.gpu`);
  const cpu = values.cpu === undefined ? undefined : pick(values.cpu, CPU, `${path}.cpu`);
  return create(CapabilityRequirementsSchema, {
    memoryGb: number(values.memory_gb),
    ...(gpu ? { gpu: { type: text(gpu.type), minMemoryGb: number(gpu.min_memory_gb), required: gpu.required !== false } } : {}),
    ...(cpu ? { cpu: { cores: number(cpu.cores), arch: text(cpu.arch) } } : {}),
  });
}

function connectionMessage(document: unknown, path: string): Connection {
  const values = pick(document, CONNECTION, path);
  for (const end of ["from", "to"]) if (!values[end]) throw invalid("empty_connection", `${path} has no ${end}: name the node`);
  return create(ConnectionSchema, {
    from: text(values.from),
    to: text(values.to),
    fromOutput: text(values.from_output),
    toInput: text(values.to_input),
  });
}

/** Returns the values of an object by the canonical names of its fields; what is null counts as not given. */
function pick(document: unknown, table: Table, path: string): Values {
  if (!isObject(document)) throw invalid("wrong_type", `${path} is ${kindOf(document)}: give an object with ${list(Object.keys(table))}`);
  const spellings = new Map(Object.entries(table).flatMap(([name, [, ...also]]) => [name, camelCase(name), ...also].map((one) => [one, name])));
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(document)) {
    const name = spellings.get(key);
    if (name === undefined) {
      if (key.startsWith("x-") || key === "$schema") continue;
      throw invalid("unknown_field", `${path} has a field ${JSON.stringify(key)} that it can't have${didYouMean(key, spellings.keys())}`);
    }
    if (name in values) throw invalid("duplicate_field", `${path} has ${name} twice, in two spellings: keep one of them`);
    if (value !== null && value !== undefined) values[name] = checked(value, table[name]?.[0] ?? "any", `${path}.${name}`);
  }
  return values;
}

const FITS: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number" && Number.isFinite(value),
  integer: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  list: Array.isArray,
  object: isObject,
  any: () => true,
};

function checked(value: unknown, kind: FieldKind, path: string): unknown {
  if (!FITS[kind](value)) throw invalid("wrong_type", `${path} is ${kindOf(value)}: give ${kind === "text" ? "text" : `a ${kind}`}`);
  return value;
}

function checkIds(message: PipelineManifest): void {
  const ids = message.nodes.map((node) => node.id);
  const known = new Set(ids);
  if (known.has("__proto__")) {
    throw new ValidationError("a node has the id __proto__, which objects can't have as a key: give it another", {
      code: "bad_node_id",
      nodeId: "__proto__",
    });
  }
  const doubled = ids.find((id, i) => ids.indexOf(id) !== i);
  if (doubled !== undefined) {
    throw new ValidationError(`several nodes have the id ${JSON.stringify(doubled)}: give each its own`, {
      code: "duplicate_node_id",
      nodeId: doubled,
    });
  }
  message.connections.forEach((edge, i) => {
    for (const end of [edge.from, edge.to]) {
      if (known.has(end)) continue;
      throw invalid(
        "unknown_endpoint",
        `connections[${i}] names a node ${JSON.stringify(end)} that doesn't exist${didYouMean(end, ids)}: the nodes are ${list(ids)}`,
      );
    }
  });
}

/** Gives the other spelling of a name. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Lists names in a sentence. */
export function list(names: Iterable<string>): string {
  return [...names].join(", ");
}

/** Names the type of a value in a sentence. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function invalid(code: string, message: string): ValidationError {
  return new ValidationError(message, { code });
}
