/** The reference of scenarios, from the schema that they are held against. */
import { isRecord } from '../src/cli/crd-defaults.ts';
import { mediaOf } from '../src/loadtest/scenario-workload.ts';
import { scenarioSchema } from '../src/loadtest/scenario-schema.ts';
import { defaultSlos } from '../src/loadtest/scenario-slos.ts';

type Table = (heads: readonly string[], rows: readonly (readonly string[])[]) => readonly string[];
type Schema = Readonly<Record<string, unknown>>;

const schema: Schema = scenarioSchema();
const definitions = recordAt(schema, '$defs');

function recordAt(value: Schema, name: string): Schema {
  const inner = value[name];
  return isRecord(inner) ? inner : {};
}

/** With what it refers to, under its own words. */
function resolved(value: Schema): Schema {
  const ref = value['$ref'];
  if (typeof ref !== 'string') return value;
  return { ...recordAt(definitions, ref.replace('#/$defs/', '')), ...value };
}

/** What a choice between a word and fields has as fields, what a list has as items, or the schema itself. */
function fieldsOf(value: Schema): Schema {
  const choices = value['oneOf'];
  const inner = Array.isArray(choices)
    ? choices.find((one) => isRecord(one) && '$ref' in one)
    : value['items'];
  return isRecord(inner) ? resolved(inner) : value;
}

function propertiesOf(value: Schema): readonly (readonly [name: string, schema: Schema])[] {
  return Object.entries(recordAt(value, 'properties')).map(([name, inner]) => [
    name,
    resolved(isRecord(inner) ? inner : {}),
  ]);
}

interface Section {
  readonly path: string;
  readonly says: string;
  readonly schema: Schema;
}

/** Everything that has fields of its own, in the order of the schema; what comes several times is told once. */
function sections(): readonly Section[] {
  const found: Section[] = [];
  const told = new Set<string>();
  const visit = (path: string, value: Schema): void => {
    const fields = fieldsOf(value);
    if (propertiesOf(fields).length === 0) return;
    const key = JSON.stringify(fields['properties']);
    if (told.has(key)) return;
    told.add(key);
    found.push({ path, says: text(value['description']), schema: fields });
    for (const [name, inner] of propertiesOf(fields)) visit(path === '' ? name : `${path}.${name}`, inner);
  };
  visit('', resolved({ $ref: '#/$defs/spec' }));
  return found;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const units: Readonly<Record<string, string>> = {
  duration: 'duration',
  rate: 'rate',
  share: 'share',
  weight: 'weight',
  limit: 'number, share or duration',
};

function valuesOf(value: Schema): string {
  const unit = units[text(value['$ref']).replace('#/$defs/', '')];
  if (unit !== undefined) return unit;
  const choices = value['enum'];
  if (Array.isArray(choices)) return choices.map(code).join(', ');
  if ('oneOf' in value) return '`none`, fields';
  if (isRecord(value['items'])) return itemsOf(resolved(value['items']));
  if (value['pattern'] === '^all$') return `whole number${rangeOf(value)}, or \`all\``;
  const types = [value['type']].flat().map((type) => typeNames[text(type)] ?? text(type));
  return types.join(' or ') + rangeOf(value);
}

function itemsOf(items: Schema): string {
  const choices = items['enum'];
  if (Array.isArray(choices)) return `list of ${choices.map(code).join(', ')}`;
  return items['type'] === 'object'
    ? 'list of fields'
    : `list of ${valuesOf(items).replace('number', 'numbers')}`;
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'fields',
  integer: 'whole number',
  number: 'number',
  string: 'text',
  boolean: '`true`, `false`',
};

function rangeOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  if (typeof maximum !== 'number' || maximum > 1e9) return '';
  if (typeof minimum === 'number') return `, ${minimum} to ${maximum}`;
  return typeof exclusiveMinimum === 'number' ? `, above ${exclusiveMinimum}, to ${maximum}` : '';
}

function defaultOf(name: string, value: Schema, { required }: Schema): string {
  if (Array.isArray(required) && required.includes(name)) return 'must be given';
  if ('x-default' in value) return text(value['x-default']);
  if (value['default'] === '' || value['default'] === undefined) return '';
  const given = value['default'];
  return code(Array.isArray(given) ? `[${given.join(', ')}]` : given);
}

/** The body of the page; `table` draws a table in Markdown. */
export function scenarioPage(table: Table): readonly string[] {
  return [
    ...introduction,
    ...sections().flatMap(({ path, says, schema: of }) => [
      '',
      path === '' ? '## Fields of `spec`' : `## ${path}`,
      '',
      ...(path === '' || says === '' ? [] : [says, '']),
      ...table(
        ['Field', 'Values', 'Default', 'What it is'],
        propertiesOf(of).map(([name, value]) => [
          code(name),
          valuesOf(value),
          defaultOf(name, value, of),
          text(value['description']),
        ]),
      ),
    ]),
    '',
    '## Limits that hold by default',
    '',
    'Without `slos`, in this order. Latency is left out where nobody sends pictures, and counts from zero in a trace.',
    '',
    ...table(
      ['Metric', 'Limit', 'Kind'],
      defaultSlos(mediaOf()).map(({ metric, max, min, overBaseline, guard }) => [
        code(metric),
        `${max === undefined ? `at least ${min ?? ''}` : `at most ${max}`}${overBaseline ? ' over the baseline' : ''}`,
        guard ? 'guard: which resource ran out' : 'what people get',
      ]),
    ),
    '',
    ...ending,
  ];
}

const introduction: readonly string[] = [
  'A scenario says who joins which rooms, what they send and receive, how the load grows, and what people must get. It',
  'is one YAML document, held against `schemas/loadtest-scenario.schema.json`, which editors understand too. Ready ones',
  'are in `docs/samples/loadtests`.',
  '',
  '```yaml',
  'apiVersion: loadtest.openvidu.io/v1alpha1',
  'kind: Scenario',
  'metadata: { name: rooms-of-10 }',
  'spec:',
  '  workload:',
  '    kind: conference',
  '    conference: { participants: 10 }',
  '  load:',
  '    mode: search',
  '```',
  '',
  '```sh',
  'kubectl-openvidu loadtest validate rooms-of-10.yaml',
  'kubectl-openvidu loadtest plan rooms-of-10.yaml',
  '```',
  '',
  'A wrong scenario is refused before anything starts. Everything that is wrong is named at once, each with line and',
  'column, path, value and what to do:',
  '',
  '```text',
  'rooms.yaml, line 3, column 19: metadata.name is "Rooms of 10": write up to 63 lower-case letters, digits and hyphens.',
  '```',
  '',
  '* **Durations** are such as `60s`, `5m`, `1h30m` or `250ms`, **rates** such as `5/s` or `30/m`, **shares** such as `5%`',
  '  or `0.05`.',
  '* A **level** is a number of rooms, of viewers of one room, of participants of one room, or a percentage of a trace:',
  '  the workload decides. A level only ever adds whole rooms (or viewers) at the end and takes them from the end.',
  '* The same scenario with the same **seed** is the same plan: the same rooms, people, joins and leaves in the same',
  '  order. People join in an open loop: nobody waits for the one before.',
];

const ending: readonly string[] = [
  '## What a plan reckons with',
  '',
  '`loadtest plan` multiplies tracks by the packets and bits of the recorded pictures and sounds, as they flow once the',
  'server has told senders to stop what nobody asks for, and these by costs that were measured once: livekit-server',
  '1.13.5 and this engine, on a virtual machine with two cores of an AMD EPYC, between 5 and 30 thousand packets a second.',
  'Within that range it is at most 20 % off what was measured. The benchmark that LiveKit publishes for 16 older cores',
  'needs up to 1.7 times as many cores for the server. A plan says whether a generator is large enough; what a server',
  'carries is what the test itself finds out.',
];
