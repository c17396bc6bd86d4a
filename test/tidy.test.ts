/** House rules that no tool holds: where things are, what they are called, what they may not say. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { reasons } from '../src/core/reasons.ts';
import { version } from '../src/operator/version.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

function filesUnder(folder: string, ...endings: readonly string[]): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
}

const sources = filesUnder('src', '.ts');
const code = [
  ...sources,
  ...['test', 'lab', 'scripts'].flatMap((folder) => filesUnder(folder, '.ts', '.cjs', '.mjs')),
];
const handWritten = code.filter((path) => !path.endsWith('.gen.ts'));
const prose = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...filesUnder('docs', '.md', '.yaml'),
];

const folders = [
  'api',
  'base',
  'cli',
  'core',
  'kube',
  'livekit',
  'loadtest',
  'manifests',
  'operator',
  'reconcile',
  'report',
  'simulate',
  'telemetry',
  'workload',
];

describe('the sources', () => {
  test('lie in the folders that the layout knows, two levels deep', () => {
    expect(sources.filter((path) => !folders.includes(basename(dirname(path))))).toEqual([]);
    expect(sources.filter((path) => path.split('/').length !== 3)).toEqual([]);
  });

  test('have names in kebab case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.(ts|cjs|mjs)$/;
    expect(code.filter((path) => !kebab.test(basename(path)))).toEqual([]);
  });

  test('fit in the head: no file has more than 300 lines of code, no other one more than 500', () => {
    const tooLong = handWritten.filter((path) => linesOfCode(path) > (path.startsWith('src/') ? 300 : 500));
    expect(tooLong).toEqual([]);
  });

  test('of the core import each other in one direction, types included, which the linter does not ask', () => {
    expect(circleAmong(sources.filter((path) => dirname(path) === 'src/core'))).toEqual([]);
  });

  test('leave nothing for later', () => {
    // The brackets keep this line from finding itself.
    const later = /\b(TO[D]O|FIX[M]E)\b/;
    const texts = [...handWritten, ...prose, 'Makefile'];
    expect(texts.filter((path) => later.test(read(path)))).toEqual([]);
  });
});

/** The first files that import each other in a circle, in that order; none where there is no circle. */
function circleAmong(paths: readonly string[]): readonly string[] {
  const done = new Set<string>();
  const circleFrom = (path: string, way: readonly string[]): readonly string[] => {
    if (way.includes(path)) return way.slice(way.indexOf(path));
    if (done.has(path)) return [];
    for (const next of importedBy(path)) {
      const circle = paths.includes(next) ? circleFrom(next, [...way, path]) : [];
      if (circle.length > 0) return circle;
    }
    done.add(path);
    return [];
  };
  return paths.map((path) => circleFrom(path, [])).find((circle) => circle.length > 0) ?? [];
}

function importedBy(path: string): readonly string[] {
  return [...read(path).matchAll(/ from '(\.[^']+)'/g)].map(([, to = '']) => join(dirname(path), to));
}

/** As the linter counts: blank lines and comments are free. */
function linesOfCode(path: string): number {
  return read(path)
    .split('\n')
    .filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;
}

describe('every reason', () => {
  const users = sources.filter((path) => /^src\/(core|reconcile|operator)\//.test(path));
  const text = users
    .filter((path) => path !== 'src/core/reasons.ts')
    .map(read)
    .join('\n');

  test('is given somewhere', () => {
    expect(Object.keys(reasons).filter((reason) => !new RegExp(`\\b${reason}\\b`).test(text))).toEqual([]);
  });

  test('is a word in UpperCamelCase with one sentence', () => {
    const odd = Object.entries(reasons).filter(
      ([reason, sentence]) => !/^([A-Z][a-z]+)+$/.test(reason) || !/^[A-Z].*[^.]\.$/.test(sentence),
    );
    expect(odd).toEqual([]);
  });
});

test('the version is the same in the program, the package and the chart', () => {
  const manifest: { readonly version: string } = JSON.parse(read('package.json'));
  const chart: { readonly version: string; readonly appVersion: string } = parse(
    read('charts/openvidu-media-operator/Chart.yaml'),
  );
  expect([manifest.version, chart.version, String(chart.appVersion)]).toEqual([version, version, version]);
});

test('the documentation names no host of a package registry: which one is used is for the user to say', () => {
  const hosts =
    /registry\.npmjs|registry\.yarnpkg|proxy\.golang|sum\.golang|pypi\.org|crates\.io|rubygems\.org|artifactory|nexus\./i;
  expect(prose.filter((path) => hosts.test(read(path)))).toEqual([]);
});
