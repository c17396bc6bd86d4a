/** Holds a value against the schema of the resource: what the API server would say, with the place and the remedy. */
import { typeWords } from '../base/type-words.ts';
import { isRecord } from './crd-defaults.ts';
import type { Schema } from './crd-schema.ts';
import { someOf } from './cli-error.ts';

export type Path = readonly (string | number)[];

export type Part = 'Value' | 'Name' | 'Around';

/** One fault: where it is and, for the middle of a sentence, what is wrong and what to do. */
export interface Fault {
  readonly path: Path;
  /** What of the field at the end of `path` is at fault; of a missing one only what is around it has a place. */
  readonly of: Part;
  readonly says: string;
}

/** The first fault in the order of the value; `undefined` when the schema has nothing against it. */
export function firstFault(value: unknown, schema: Schema, path: Path = []): Fault | undefined {
  const here = (says: string | undefined): Fault | undefined =>
    says === undefined ? undefined : { path, of: 'Value', says };
  const fault = here(typeFault(value, schema)) ?? here(enumFault(value, schema));
  if (fault !== undefined) return fault;
  if (typeof value === 'number') return here(numberFault(value, schema));
  if (typeof value === 'string') return here(stringFault(value, schema));
  if (Array.isArray(value)) return here(lengthFault(value, schema)) ?? itemsFault(value, schema, path);
  return isRecord(value) ? recordFault(value, schema, path) : undefined;
}

function typeFault(value: unknown, schema: Schema): string | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    const fits = typeof value === 'string' || Number.isInteger(value);
    return fits ? undefined : `is ${shown(value)}: give a whole number or text`;
  }
  if (schema.type === undefined || hasType(value, schema.type)) return undefined;
  return `is ${shown(value)}: give ${typeWords[schema.type]}`;
}

function hasType(value: unknown, type: NonNullable<Schema['type']>): boolean {
  switch (type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}

function enumFault(value: unknown, { enum: choices }: Schema): string | undefined {
  if (choices === undefined || choices.includes(value)) return undefined;
  return `is ${shown(value)}: give one of ${someOf(choices.map(String), 20)}`;
}

function numberFault(value: number, schema: Schema): string | undefined {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = false } = schema;
  if (value < minimum || (exclusiveMinimum && value === minimum)) {
    return `is ${value}: give ${exclusiveMinimum ? 'more than' : 'at least'} ${minimum}`;
  }
  return value > maximum ? `is ${value}: give at most ${maximum}` : undefined;
}

function stringFault(
  value: string,
  { minLength = 0, maxLength = Infinity, pattern }: Schema,
): string | undefined {
  if (value.length < minLength) return 'is empty: give a value or leave the field out';
  if (value.length > maxLength) return `is too long: give at most ${maxLength} characters`;
  if (pattern === undefined || new RegExp(pattern, 'u').test(value)) return undefined;
  return `is ${shown(value)}: it must match ${pattern}`;
}

function lengthFault(
  value: readonly unknown[],
  { minItems = 0, maxItems = Infinity }: Schema,
): string | undefined {
  if (value.length < minItems) return `has too few items: give at least ${minItems}, or leave the field out`;
  return value.length > maxItems ? `has too many items: give at most ${maxItems}` : undefined;
}

function itemsFault(value: readonly unknown[], schema: Schema, path: Path): Fault | undefined {
  const { items } = schema;
  if (items === undefined) return undefined;
  for (const [at, item] of value.entries()) {
    const fault = firstFault(item, items, [...path, at]) ?? doubleFault(value, at, schema, [...path, at]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Lists that are merged by a key may have it only once. */
function doubleFault(value: readonly unknown[], at: number, schema: Schema, path: Path): Fault | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  const keyOf = (item: unknown): string =>
    isRecord(item) ? JSON.stringify((keys ?? []).map((key) => item[key])) : '';
  if (keys === undefined || value.findIndex((other) => keyOf(other) === keyOf(value[at])) === at) {
    return undefined;
  }
  return {
    path,
    of: 'Value',
    says: `has the same ${keys.join(' and ')} as an earlier one: rename or remove it`,
  };
}

function recordFault(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: Path,
): Fault | undefined {
  for (const [name, inner] of Object.entries(value)) {
    const fault = fieldFault(name, inner, schema, [...path, name]);
    if (fault !== undefined) return fault;
  }
  const absent = (schema.required ?? []).find((name) => value[name] === undefined || value[name] === null);
  if (absent === undefined) return undefined;
  return { path: [...path, absent], of: 'Around', says: 'is missing: it must be given' };
}

function fieldFault(name: string, value: unknown, schema: Schema, path: Path): Fault | undefined {
  const known = schema.properties?.[name] ?? schema.additionalProperties;
  if (known !== undefined) return value === null ? undefined : firstFault(value, known, path);
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties === undefined;
  if (open) return undefined;
  const names = Object.keys(schema.properties ?? {});
  return { path, of: 'Name', says: `is no field: remove it or use one of ${someOf(names, 20)}` };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a set of fields';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** A path as people write it: `spec.autoscaling.targets[0].type`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** The parts of a path that people wrote. */
export function pathOf(text: string): Path {
  return [...text.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, at]) => name ?? Number(at));
}
