/** What the client knows of node types without asking the service. */

import { CATALOGUE } from "./catalogue.js";
import type { Kind, NodeType } from "./results.js";

/** A node type of the catalogue that this client was made from. */
export interface CatalogueEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly category: string;
  readonly accepts: readonly Kind[];
  readonly produces: readonly Kind[];
  readonly stateful: boolean;
  /** Names that its parameters may have, other spellings included. */
  readonly parameters: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** The parameters that a node type takes, by every name of the type. */
export const NODE_TYPES: ReadonlyMap<string, readonly string[]> = new Map(
  CATALOGUE.flatMap(({ name, aliases, parameters }) => [name, ...aliases].map((one) => [one, parameters] as const)),
);

/** What a list of node types may be narrowed to. */
export interface NodeFilter {
  /** Part of a name, alias or description, any case. */
  readonly filter?: string | undefined;
  /** Category, exactly. */
  readonly category?: string | undefined;
}

/** Lists the node types of the catalogue that a service has. */
export function knownNodes(served: readonly string[], { filter = "", category = "" }: NodeFilter): NodeType[] {
  const has = new Set(served);
  const part = filter.toLowerCase();
  return CATALOGUE.filter((one) => has.has(one.name))
    .filter((one) => category === "" || one.category === category)
    .filter((one) => [one.name, ...one.aliases, one.description].some((text) => text.toLowerCase().includes(part)))
    .map(({ parameters, ...rest }) => rest);
}
