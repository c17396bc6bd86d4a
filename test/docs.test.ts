/** The documentation names only what there is: fields, commands, files, reasons and conditions. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { reasonGuide } from '../scripts/reason-guide.ts';
import { reasonPages } from '../scripts/reason-pages.ts';
import { CONDITION_TYPES } from '../src/api/conditions.ts';
import { ANNOTATIONS, LABELS, RETAIN_FINALIZER } from '../src/api/names.ts';
import { isRecord } from '../src/cli/crd-defaults.ts';
import { reasons } from '../src/core/reasons.ts';
import { METRIC_PREFIX, metricTable } from '../src/telemetry/metric-table.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
].toSorted();

function found(page: string, form: RegExp): readonly string[] {
  return [...read(page).matchAll(form)].map(([, text = '']) => text);
}

/** Each page with those of its words that are not as they should be. */
function faults(form: RegExp, isRight: (word: string, page: string) => boolean): readonly string[] {
  return pages.flatMap((page) =>
    found(page, form)
      .filter((word) => !isRight(word, page))
      .map((word) => `${page}: ${word}`),
  );
}

/** Of every resource of the project. */
const schemas: readonly unknown[] = readdirSync(join(root, 'crds')).map((file) => {
  const definition = parse(read(`crds/${file}`)) as {
    readonly spec: {
      readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: unknown } }[];
    };
  };
  return definition.spec.versions[0]?.schema.openAPIV3Schema;
});

function isField(path: string): boolean {
  return schemas.some((schema) => isFieldOf(schema, path));
}

function isFieldOf(schema: unknown, path: string): boolean {
  let at: unknown = schema;
  for (const step of path.replaceAll(/\[\w*\]/g, '').split('.')) {
    if (!isRecord(at)) return false;
    if (at['x-kubernetes-preserve-unknown-fields'] === true) return true;
    const items = isRecord(at['items']) ? at['items'] : at;
    const properties = isRecord(items['properties']) ? items['properties'] : {};
    at = properties[step];
  }
  return isRecord(at);
}

test('a field that no resource has is noticed', () => {
  const paths = [
    'spec.drain.deadline',
    'spec.mediaNodes.template.spec.containers',
    'status.nodes[].reason',
    'spec.generators.count',
    'spec.drain.patience',
    'spec.generators.drain',
  ];
  expect(paths.map(isField)).toEqual([true, true, true, true, false, false]);
});

describe('every page', () => {
  test('names only fields that a resource has', () => {
    // Those of a Pod, such as spec.nodeName, begin the same way.
    const ofOthers = ['spec.unschedulable', 'spec.nodeName', 'spec.terminationGracePeriodSeconds'];
    const form = /(?<![\w./-])((?:spec|status)\.[a-zA-Z]+(?:\[\w*\])?(?:\.[a-zA-Z]+(?:\[\w*\])?)*)/g;
    expect(faults(form, (path) => ofOthers.includes(path) || isField(path))).toEqual([]);
  });

  test('names only commands of the plug-in that there are', () => {
    const commands = found('docs/reference/cli.md', /^## ([a-z-]+)/gm);
    const form = /kubectl[ -]openvidu ([a-z][a-z-]*)(?=[ `\n])/g;
    const verbs = (word: string) => commands.includes(word);
    const inCode = pages.flatMap((page) => {
      const code = [...read(page).matchAll(/`[^`\n]+`|```[^]*?```/g)].map(([text]) => text).join('\n');
      return [...code.matchAll(form)].flatMap(([, word = '']) => (verbs(word) ? [] : [`${page}: ${word}`]));
    });
    expect(commands.length).toBeGreaterThan(5);
    expect(inCode).toEqual([]);
  });

  test('names only metrics that there are', () => {
    const form = new RegExp(`${METRIC_PREFIX}([a-z_]*[a-z])(?![a-z_]*\\*)`, 'g');
    const isMetric = (name: string) =>
      name in metricTable || name.replace(/_(bucket|sum|count)$/, '') in metricTable;
    expect(faults(form, isMetric)).toEqual([]);
  });

  test('names only annotations and labels that there are', () => {
    const known: readonly string[] = [
      ...Object.values(ANNOTATIONS),
      ...Object.values(LABELS),
      RETAIN_FINALIZER,
    ];
    // A version of the API, a label that the samples give to machines, and names with a place to fill in.
    const others = ['openvidu.io/v1alpha1', 'openvidu.io/media-node'];
    const form = /(?<![\w.])(openvidu\.io\/[a-z0-9-]*[a-z0-9])/g;
    expect(faults(form, (name) => known.includes(name) || others.includes(name))).toEqual([]);
  });

  test('links only to what is there', () => {
    const form = /\]\((?!https?:)([^)\s]+)\)/g;
    const isThere = (link: string, page: string) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return false;
      return anchor === undefined || anchorsOf(target).includes(anchor);
    };
    expect(faults(form, isThere)).toEqual([]);
  });
});

function anchorsOf(page: string): readonly string[] {
  return found(page, /^#+ (.*)$/gm).map((head) =>
    head
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(/\s/g, '-'),
  );
}

describe('the reference', () => {
  test.each([
    ['reasons', Object.keys(reasons)],
    ['conditions', [...CONDITION_TYPES]],
  ])('of %s has a page for each and no other', (folder, names) => {
    const files = readdirSync(join(root, 'docs/reference', folder));
    expect(files.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
  });

  test('of the tables is what is committed', () => {
    expect([...reasonPages()].filter(([path, text]) => read(path) !== text).map(([path]) => path)).toEqual(
      [],
    );
  });

  test.each([...CONDITION_TYPES])('has reasons for both statuses of %s', (type) => {
    const places = Object.values(reasonGuide).flatMap((guide) => guide.places);
    expect(places).toEqual(expect.arrayContaining([`${type}=True`, `${type}=False`]));
  });

  test('says of each reason where it is seen and what to do, in sentences', () => {
    const odd = Object.entries(reasonGuide).filter(([, { places, when, meaning, whatToDo }]) => {
      const texts = [when, meaning, ...whatToDo];
      return (
        places.length === 0 || whatToDo.length === 0 || texts.some((text) => !/^[`A-Z(].*[.?]$/s.test(text))
      );
    });
    expect(odd.map(([reason]) => reason)).toEqual([]);
  });
});
