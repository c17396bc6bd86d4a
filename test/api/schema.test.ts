import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  API_VERSION,
  GROUP,
  KIND,
  LOAD_TEST_KIND,
  LOAD_TEST_PLURAL,
  PLURAL,
  podSelector,
  SHORT_NAME,
  VERSION,
} from '../../src/api/names.ts';

type Node = { readonly [key: string]: unknown };

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly shortNames: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Node };
    }[];
  };
}

const root = new URL('../../', import.meta.url).pathname;
const files = readdirSync(`${root}crds`);

function definitionIn(file: string): Definition {
  return parse(readFileSync(`${root}crds/${file}`, 'utf8')) as Definition;
}

function asNode(value: unknown): Node {
  return typeof value === 'object' && value !== null ? (value as Node) : {};
}

/** Every schema below `node` with its path, the schema itself included. */
function walk(node: Node, path: string): readonly (readonly [string, Node])[] {
  const properties = Object.entries(asNode(node['properties'])).flatMap(([name, child]) =>
    walk(asNode(child), `${path}.${name}`),
  );
  const items = node['items'] === undefined ? [] : walk(asNode(node['items']), `${path}[]`);
  return [[path, node], ...properties, ...items];
}

describe.each(files)('the schema in %s', (file) => {
  const definition = definitionIn(file);
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema ?? {};
  const schemas = walk(schema, '').filter(([path]) => !/^(\.metadata|\.apiVersion|\.kind)?$/.test(path));

  function pathsWhere(wrong: (node: Node) => boolean): readonly string[] {
    return schemas.filter(([, node]) => wrong(node)).map(([path]) => path);
  }

  test('describes every field in a sentence', () => {
    // Items of a list are described by the list.
    const bare = schemas.filter(
      ([path, node]) => !path.endsWith('[]') && !String(node['description']).endsWith('.'),
    );
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  test('caps every string, array and map', () => {
    const free = (node: Node): boolean =>
      (node['type'] === 'string' &&
        node['maxLength'] === undefined &&
        node['enum'] === undefined &&
        node['format'] !== 'date-time') ||
      (node['type'] === 'array' && node['maxItems'] === undefined) ||
      (node['additionalProperties'] !== undefined && node['maxProperties'] === undefined);
    expect(pathsWhere(free)).toEqual([]);
  });

  test('bounds every number from below', () => {
    expect(
      pathsWhere(
        (node) => ['integer', 'number'].includes(String(node['type'])) && node['minimum'] === undefined,
      ),
    ).toEqual([]);
  });

  test('says of every list how managers merge it', () => {
    const merged = (node: Node): boolean => node['x-kubernetes-list-type'] !== undefined;
    expect(pathsWhere((node) => node['type'] === 'array' && !merged(node))).toEqual([]);
  });

  test('gives every rule a message', () => {
    const rules = schemas.flatMap(([path, node]) => {
      const list = node['x-kubernetes-validations'];
      return (Array.isArray(list) ? list : []).map((rule) => ({ path, message: asNode(rule)['message'] }));
    });
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.filter((rule) => typeof rule.message !== 'string')).toEqual([]);
  });

  test('is of the one group and version', () => {
    expect(definition.metadata.name).toBe(`${definition.spec.names.plural}.${GROUP}`);
    expect(definition.spec.group).toBe(GROUP);
    expect(definition.spec.versions.map((version) => version.name)).toEqual([VERSION]);
  });
});

test('the definitions carry the names that the operator uses', () => {
  const namesOf = (file: string) => definitionIn(file).spec.names;
  expect(namesOf('openviducluster.yaml')).toMatchObject({
    kind: KIND,
    plural: PLURAL,
    shortNames: [SHORT_NAME],
  });
  expect(namesOf('openviduloadtest.yaml')).toMatchObject({
    kind: LOAD_TEST_KIND,
    plural: LOAD_TEST_PLURAL,
    shortNames: ['ovlt'],
  });
  expect(API_VERSION).toBe('openvidu.io/v1alpha1');
});

test('the selector names cluster and component', () => {
  expect(podSelector('media')).toBe('openvidu.io/cluster=media,openvidu.io/component=media-node');
});

test.each(['gen-api.ts', 'gen-chart.ts'])('%s would change nothing', (script) => {
  const run = spawnSync(process.execPath, [`scripts/${script}`, '--check'], { cwd: root, encoding: 'utf8' });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
});
