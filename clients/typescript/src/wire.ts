/** The protobuf wire format, as far as samples mustn't pass through protobuf's writer, which copies them once for each level of nesting. */

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Pieces of a message, in their order. */
export type Parts = readonly Uint8Array[];

/** Counts the bytes of pieces. */
export function sizeOf(parts: Parts): number {
  let size = 0;
  for (const part of parts) size += part.byteLength;
  return size;
}

/** Puts pieces into a field. */
export function field(number: number, parts: Parts): Parts {
  return [new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(sizeOf(parts)).finish(), ...parts];
}

/** Encodes a field of text; the empty text is what is read where nothing stands. */
export function textField(number: number, text: string): Parts {
  return text === "" ? [] : field(number, [Buffer.from(text)]);
}

/** Joins pieces to a message; this is the one copy of the samples. */
export function assemble(parts: Parts): Buffer {
  return Buffer.concat(parts, sizeOf(parts));
}
