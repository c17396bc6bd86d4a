/** The public schema of OpenViduCluster, read from the definition that is installed in clusters. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { BugError } from '../base/assert.ts';

/** The part of an OpenAPI v3 schema that structural schemas of Kubernetes have and this one uses. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

interface Definition {
  readonly spec: {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** The same place in the sources and in what is compiled from them. */
const path = fileURLToPath(new URL('../../crds/openviducluster.yaml', import.meta.url));

let read: Schema | undefined;

/** The schema of the whole resource. @throws BugError when the definition was not delivered with the program */
export function clusterSchema(): Schema {
  read ??= readSchema();
  return read;
}

function readSchema(): Schema {
  const definition = parse(readFileSync(path, 'utf8')) as Definition;
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema;
  if (schema === undefined) throw new BugError('the definition of OpenViduCluster has no schema');
  return schema;
}

/** The schema of a field within another one. @throws BugError when there is no such field */
export function schemaAt(schema: Schema, fields: readonly string[]): Schema {
  return fields.reduce((inner, field) => {
    const next = inner.properties?.[field];
    if (next === undefined) throw new BugError(`the definition of OpenViduCluster has no field ${field}`);
    return next;
  }, schema);
}
