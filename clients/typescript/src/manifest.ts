/**
 * Manifests: pipelines as documents, JSON or YAML, with the spellings that the service accepts.
 *
 * A manifest is checked before it is sent: its fields, the ids that connections name, the node types and the names of their
 * parameters. The values of parameters are the service's to judge, which tells all problems at once.
 */

import { readFileSync } from "node:fs";
import { toBinary } from "@bufbuild/protobuf";
import { parse as parseYaml } from "yaml";
import { NODE_TYPES } from "./catalogued.js";
import { type ManifestDocument, kindOf, list, manifestMessage } from "./document.js";
import { ValidationError } from "./errors.js";
import { type NodeManifest, type PipelineManifest, PipelineManifestSchema } from "./gen/remotemedia/v1/execution_pb.js";
import { isObject } from "./json.js";
import { didYouMean } from "./nearest.js";

export type { ManifestDocument, NodeDocument } from "./document.js";

const NEWER = "If the service is newer than this client, update @remotemedia/grpc-client, or make the client with checkNodes: false.";

/** A pipeline as it is sent. It doesn't change, and may be used for any number of calls. */
export class Manifest {
  /** Ids of the nodes, in their order. */
  readonly nodeIds: readonly string[];
  /** Ids of the nodes without a predecessor. */
  readonly starts: readonly string[];
  /** The manifest, encoded. */
  readonly wire: Uint8Array;
  /** @internal */
  readonly message: PipelineManifest;
  #checked = false;

  constructor(document: ManifestDocument) {
    this.message = manifestMessage(document);
    this.wire = toBinary(PipelineManifestSchema, this.message);
    this.nodeIds = this.message.nodes.map((node) => node.id);
    const targets = new Set(this.message.connections.map((edge) => edge.to));
    this.starts = this.nodeIds.filter((node) => !targets.has(node));
  }

  /** Reads the text of a manifest: JSON where it begins with a brace, YAML 1.2 otherwise. */
  static parse(text: string): Manifest {
    const document = text.replace(/^\uFEFF/, "").trimStart().startsWith("{") ? json(text.replace(/^\uFEFF/, ""), "the manifest") : yaml(text);
    if (!isObject(document)) {
      throw invalid("wrong_type", `a manifest is an object with version, nodes and connections; this is ${kindOf(document)}`);
    }
    return new Manifest(document as unknown as ManifestDocument);
  }

  /** Reads the file of a manifest, at once. */
  static load(path: string | URL): Manifest {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw invalid("syntax", `the manifest ${String(path)} can't be read: ${(error as Error).message}`, error);
    }
    return Manifest.parse(text);
  }

  /** Refuses node types and parameters that the catalogue of this release doesn't have. */
  check(): void {
    if (this.#checked) return;
    this.message.nodes.forEach((node, i) => {
      checkNode(node, `nodes[${i}]`);
    });
    this.#checked = true;
  }

  /** Gives the node that an input is for; the empty id means the one node at the start. */
  address(node: string): string {
    if (node !== "") {
      if (this.nodeIds.includes(node)) return node;
      throw new ValidationError(
        `there is no node ${JSON.stringify(node)} in the pipeline${didYouMean(node, this.nodeIds)}: its nodes are ${list(this.nodeIds)}`,
        { code: "unknown_input_node", nodeId: node },
      );
    }
    const [start] = this.starts;
    if (start === undefined || this.starts.length > 1) {
      throw invalid(
        "unknown_input_node",
        `${this.starts.length} nodes are at the start: name the one that the input is for, of ${list(this.starts)}`,
      );
    }
    return start;
  }
}

function checkNode(node: NodeManifest, path: string): void {
  const accepted = NODE_TYPES.get(node.nodeType);
  if (accepted === undefined) {
    throw new ValidationError(
      `${path}: there is no node type ${JSON.stringify(node.nodeType)}${didYouMean(node.nodeType, NODE_TYPES.keys())}. The types are in` +
        ` @remotemedia/grpc-client/nodes. ${NEWER}`,
      { code: "unknown_node_type", nodeId: node.id, context: { available_node_types: [...NODE_TYPES.keys()].sort() } },
    );
  }
  for (const name of paramNames(node, path)) {
    if (accepted.includes(name)) continue;
    const canonical = accepted.filter((one) => one === one.toLowerCase());
    const takes = canonical.length > 0 ? `it takes ${list(canonical)}` : "it takes none";
    throw new ValidationError(
      `${path}: ${node.nodeType} has no parameter ${JSON.stringify(name)}${didYouMean(name, accepted)}: ${takes}. ${NEWER}`,
      { code: "unknown_parameter", nodeId: node.id },
    );
  }
}

function paramNames(node: NodeManifest, path: string): string[] {
  const params = node.params === "" ? null : json(node.params, `${path}.params`);
  if (params === null) return [];
  if (isObject(params)) return Object.keys(params);
  throw new ValidationError(`${path}.params must be an object, not ${node.params.slice(0, 40)}`, { code: "params_syntax", nodeId: node.id });
}

function json(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid("syntax", `${what} isn't well-formed JSON: ${(error as Error).message}`, error);
  }
}

function yaml(text: string): unknown {
  try {
    return parseYaml(text, { version: "1.2", merge: true, logLevel: "error" });
  } catch (error) {
    throw invalid("syntax", `the manifest isn't well-formed YAML: ${(error as Error).message}`, error);
  }
}

function invalid(code: string, message: string, cause?: unknown): ValidationError {
  return new ValidationError(message, { code, cause });
}
