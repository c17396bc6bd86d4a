/** Maps of JSON, whoever wrote them. */

export type JsonObject = { readonly [key: string]: unknown };

/** Whether the value is a map of JSON, not a list, a scalar or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map that the text holds; `undefined` where it holds anything else. Never throws. */
export function jsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
