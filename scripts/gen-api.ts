/**
 * Makes `src/api/<version>.gen.ts` from the schemas in `crds/`. `--check` writes nothing and exits 1 when the
 * committed file is not what the schemas say.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import { keepGenerated, root } from './generated.ts';

type Schema = { readonly [key: string]: unknown };

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

const banner = `// Made from crds/ by scripts/gen-api.ts. Do not edit: change the schema and run it again.
import type { ObjectMeta } from './object-meta.ts';
`;

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pascal(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function descriptionOf(schema: Schema): { readonly description?: string } {
  return typeof schema['description'] === 'string' ? { description: schema['description'] } : {};
}

/** A property with a default is required, because an object read from the server always carries it. */
function requiredOf(schema: Schema, properties: Schema): readonly string[] {
  const declared = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const defaulted = Object.entries(properties).flatMap(([name, child]) =>
    isSchema(child) && child['default'] !== undefined ? [name] : [],
  );
  return [...new Set([...declared, ...defaulted])];
}

function rewriteObject(schema: Schema, name: string): JSONSchema {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const extra = schema['additionalProperties'];
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const children = Object.entries(properties).map(([key, child]) => [
    key,
    rewrite(isSchema(child) ? child : {}, `${name.replace(/Spec$/, '')}${pascal(key)}`),
  ]);
  return {
    title: name,
    type: 'object',
    properties: Object.fromEntries(children),
    required: [...requiredOf(schema, properties)],
    additionalProperties: isSchema(extra) ? rewrite(extra, `${name}Value`) : open,
  };
}

/** A structural schema as plain JSON Schema: Kubernetes keywords and rules of value go, the shape stays. */
function rewrite(schema: Schema, name: string): JSONSchema {
  const described = typeof schema['description'] === 'string' ? { description: schema['description'] } : {};
  const nullable = (type: string): JSONSchema =>
    schema['nullable'] === true ? { type: [type as 'string', 'null'] } : { type: type as 'string' };
  if (schema['x-kubernetes-int-or-string'] === true) return { ...described, tsType: 'number | string' };
  if (schema['type'] === 'object') return { ...described, ...rewriteObject(schema, name) };
  if (schema['type'] === 'array') {
    const items = isSchema(schema['items']) ? schema['items'] : {};
    return { ...described, type: 'array', items: rewrite(items, singular(name)) };
  }
  const values = Array.isArray(schema['enum']) ? { enum: schema['enum'] } : {};
  return { ...described, ...nullable(String(schema['type'])), ...values };
}

function rewriteKind(definition: Definition, version: string, schema: Schema): JSONSchema {
  const { group, names } = definition.spec;
  const short = names.kind.replace(/^OpenVidu/, '');
  const whole = rewriteObject(schema, short);
  return {
    ...whole,
    title: names.kind,
    ...descriptionOf(schema),
    properties: {
      ...whole.properties,
      apiVersion: { tsType: `'${group}/${version}'` },
      kind: { tsType: `'${names.kind}'` },
      metadata: { tsType: 'ObjectMeta' },
    },
    required: ['apiVersion', 'kind', 'metadata', ...(Array.isArray(whole.required) ? whole.required : [])],
  };
}

/** The compiler of schemas has no notion of `readonly`; properties and arrays get it line by line. */
function makeReadonly(code: string): string {
  return code
    .replace(/^( +)((?:["']?[\w-]+["']?\??|\[k: string\]): )/gm, '$1readonly $2')
    .replace(/^( +readonly [^\n]*: )([^\n]+\[\];)$/gm, '$1readonly $2')
    .replace(/[ \t]+$/gm, '');
}

/** The text of every generated file, by its path from the root of the checkout. */
async function generate(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const folder = join(root, 'crds');
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()) {
    const definition = parse(readFileSync(join(folder, file), 'utf8')) as Definition;
    for (const version of definition.spec.versions) {
      const schema = rewriteKind(definition, version.name, version.schema.openAPIV3Schema);
      const code = await compile(schema, definition.spec.names.kind, {
        bannerComment: '',
        style: { singleQuote: true, printWidth: 110 },
      });
      const path = `src/api/${version.name}.gen.ts`;
      texts.set(path, `${texts.get(path) ?? banner}\n${makeReadonly(code).trim()}\n`);
    }
  }
  return texts;
}

process.exitCode = keepGenerated(await generate(), 'node scripts/gen-api.ts');
