/** Fills in defaults as the API server does for a custom resource. */
import type { Schema } from './crd-schema.ts';

/**
 * A copy with the defaults of the schema filled in. A field that is `null` counts as not given, as the API server has it
 * for fields that are not nullable. Defaults are filled in from the outside in, so that the default of an object gets
 * those of its fields.
 */
export function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item: unknown) => withDefaults(item, items));
  }
  return isRecord(value) ? recordWithDefaults(value, schema) : value;
}

function recordWithDefaults(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
): Readonly<Record<string, unknown>> {
  const filled: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const inner = schema.properties?.[name] ?? schema.additionalProperties;
    if (inner === undefined) filled[name] = given;
    else if (given !== null) filled[name] = withDefaults(given, inner);
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (filled[name] !== undefined || inner.default === undefined) continue;
    filled[name] = withDefaults(structuredClone(inner.default), inner);
  }
  return filled;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
