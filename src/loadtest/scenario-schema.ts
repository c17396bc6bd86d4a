/** Holds a document against the schema of scenarios: every fault, in the order of the document's fields. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AnySchemaObject, type ErrorObject, type ValidateFunction, Ajv2020 } from 'ajv/dist/2020.js';
import { typeWord } from '../base/type-words.ts';
import {
  type Fault,
  missing,
  nearest,
  pathText,
  type Path,
  unknownName,
  wrongValue,
} from './scenario-fault.ts';
import type { ScenarioDocument } from './scenario-document.ts';

/** The same place in the sources and in what is compiled from them. */
const file = fileURLToPath(new URL('../../schemas/loadtest-scenario.schema.json', import.meta.url));

/** The schema itself, for those who show it. */
export function scenarioSchema(): AnySchemaObject {
  return JSON.parse(readFileSync(file, 'utf8')) as AnySchemaObject;
}

let compiled: ValidateFunction<ScenarioDocument> | undefined;

function validator(): ValidateFunction<ScenarioDocument> {
  if (compiled !== undefined) return compiled;
  const ajv = new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true, strict: true });
  ajv.addVocabulary(['x-remedy', 'x-default']);
  compiled = ajv.compile<ScenarioDocument>(scenarioSchema());
  return compiled;
}

/** The document, if the schema has nothing against it, or all faults; never none of both. */
export function fitSchema(
  value: unknown,
): { readonly document: ScenarioDocument } | { readonly faults: readonly Fault[] } {
  const validate = validator();
  if (validate(value)) return { document: value };
  const errors = (validate.errors ?? []).filter((error, _, all) => isOfItsOwn(error, all));
  const seen = new Set<string>();
  const faults = errors.map(faultOf).filter(({ path, complaint }) => {
    // A value of a wrong type breaks several rules; one sentence about it is enough.
    const key = `${pathText(path)} ${complaint}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return { faults };
}

/** Of a choice between a word and fields, only the faults of what was written are worth telling. */
function isOfItsOwn(error: ErrorObject, all: readonly ErrorObject[]): boolean {
  const choice = all.find(
    ({ keyword, instancePath }) => keyword === 'oneOf' && instancePath === error.instancePath,
  );
  if (choice === undefined) return true;
  const isFields = typeof choice.data === 'object' && choice.data !== null && !Array.isArray(choice.data);
  return error.keyword === 'oneOf' ? !isFields : isFields && error.keyword !== 'const';
}

function faultOf(error: ErrorObject): Fault {
  const path = pathIn(error.instancePath);
  const { params, parentSchema, keyword, data } = error;
  switch (keyword) {
    case 'required':
      return missing([...path, String(params['missingProperty'])]);
    case 'additionalProperties': {
      const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
      return unknownName([...path, String(params['additionalProperty'])], known);
    }
    case 'enum':
      return wrongValue(path, data, { remedy: choiceRemedy(data, params['allowedValues']) });
    case 'const':
      return wrongValue(path, data, { remedy: `write ${String(params['allowedValue'])}` });
    default:
      return wrongValue(path, data, textOf(error));
  }
}

function choiceRemedy(value: unknown, allowed: unknown): string {
  const names = Array.isArray(allowed) ? allowed.map(String) : [];
  // Few names are better read than guessed from.
  const hint = typeof value === 'string' && names.length > 4 ? nearest(value, names) : undefined;
  return hint === undefined ? `write one of ${names.join(', ')}` : `did you mean ${hint}?`;
}

function textOf(error: ErrorObject): { readonly complaint?: string; readonly remedy: string } {
  const { keyword, params, parentSchema } = error;
  const own: unknown = parentSchema?.['x-remedy'];
  const limit = String(params['limit'] ?? '');
  if (keyword === 'uniqueItems') return { complaint: 'has something twice', remedy: 'remove one of them' };
  if (keyword === 'minItems') return { remedy: `give at least ${limit}, or leave the field out` };
  if (keyword === 'maxItems') return { complaint: 'has too many items', remedy: `give at most ${limit}` };
  if (keyword === 'maxLength')
    return { complaint: 'is too long', remedy: `give at most ${limit} characters` };
  if (keyword === 'minLength') return { remedy: 'write something, or leave the field out' };
  if (typeof own === 'string') return { remedy: own };
  return { remedy: remedyByRule(keyword, limit, parentSchema) };
}

function remedyByRule(keyword: string, limit: string, schema: AnySchemaObject | undefined): string {
  switch (keyword) {
    case 'minimum':
      return `write at least ${limit}`;
    case 'exclusiveMinimum':
      return `write more than ${limit}`;
    case 'maximum':
      return `write at most ${limit}`;
    case 'type':
      return `write ${typeWord(schema?.['type']) ?? 'something else'}`;
    default:
      return 'write something that the reference allows';
  }
}

/** From a JSON pointer. */
function pathIn(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
