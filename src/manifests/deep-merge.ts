import { isJsonObject, type JsonObject } from '../base/json-object.ts';

/** `over` wins; maps are merged key by key, lists and scalars are replaced whole. Neither argument is changed. */
export function deepMerge(base: JsonObject, over: JsonObject): JsonObject {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    return [key, isJsonObject(below) && isJsonObject(value) ? deepMerge(below, value) : value] as const;
  });
  // fromEntries defines own properties, so that a key named __proto__ stays a key.
  return Object.fromEntries([...Object.entries(base), ...merged]);
}

/** The value at a path of keys; `undefined` where it ends early. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}
