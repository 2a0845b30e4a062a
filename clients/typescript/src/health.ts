/** The standard health service, whose two messages have a field each. */

import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { Health } from "./results.js";
import { assemble, textField } from "./wire.js";

const STATUSES: readonly Health[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** Encodes a HealthCheckRequest. */
export function encodeHealth(service: string): Buffer {
  return assemble(textField(1, service));
}

/** Decodes a HealthCheckResponse. */
export function decodeHealth(data: Buffer): Health {
  const reader = new BinaryReader(data);
  let status = 0;
  while (reader.pos < reader.len) {
    const [number, kind] = reader.tag();
    if (number === 1) status = reader.int32();
    else reader.skip(kind, number);
  }
  const name = STATUSES[status];
  if (name === undefined) throw new RangeError(`the health service answered ${status}, which isn't in the standard`);
  return name;
}
