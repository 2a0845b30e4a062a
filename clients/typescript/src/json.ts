/** JSON as it stands in fields of messages. */

import { ValidationError } from "./errors.js";

/** Writes JSON; what JSON doesn't have is refused, where JSON.stringify would write null, {} or nothing. */
export function encodeJson(value: unknown, what: string): string {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ValidationError(`${what} can't be written as JSON: ${why}`, { code: "data_input_syntax", cause });
  };
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_key, one: unknown) => {
      if (typeof one === "number" && !Number.isFinite(one)) refuse(`it holds ${one}`);
      if (typeof one === "bigint" || typeof one === "function" || typeof one === "symbol") refuse(`it holds a ${typeof one}`);
      if (ArrayBuffer.isView(one) || one instanceof Map || one instanceof Set) {
        refuse(`it holds a ${one.constructor.name}: give a plain array or object, and audio as audio`);
      }
      return one;
    });
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    refuse((error as Error).message, error);
  }
  return text ?? refuse("it is undefined");
}

/** Reads a JSON object; old services put prose there, or nothing. */
export function readObject(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Tells an object from arrays and null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Gives the value of a key that came from outside, and never what all objects have. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Sets a key that came from outside; assigning __proto__ would change the object's nature. */
export function put<T>(record: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
  else record[key] = value;
}
