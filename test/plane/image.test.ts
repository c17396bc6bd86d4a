/** The operator's image, built twice as by two people: in other folders, at other times, under other masks. */
import { mkdir, mkdtemp, readdir, rm, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { run } from '../../lab/exec.ts';
import { root } from '../../lab/paths.ts';

jest.setTimeout(240_000);

const inputs = [
  'fixtures',
  'lab',
  'package-lock.json',
  'package.json',
  'schemas',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
];

interface Build {
  readonly id: string;
  readonly archive: string;
}

let folder: string;
let builds: readonly Build[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovm-image-'));
  const early = new Date('2001-02-03T04:05:06Z');
  builds = [
    await build(join(folder, 'a'), { mask: '022', at: new Date() }),
    await build(join(folder, 'in', 'some', 'other-place'), { mask: '077', at: early }),
  ];
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A checkout of its own, whose packages are those of this one. */
async function build(checkout: string, { mask, at }: { mask: string; at: Date }): Promise<Build> {
  await mkdir(checkout, { recursive: true });
  await run('sh', ['-c', `umask ${mask} && cp -R -- "$@" "${checkout}"`, 'cp', ...inputs], { cwd: root });
  for (const name of await readdir(join(checkout, 'src'), { recursive: true })) {
    await utimes(join(checkout, 'src', name), at, at);
  }
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  const program = join(checkout, 'lab', 'image.ts');
  const said = await run('sh', [
    '-c',
    `umask ${mask} && exec "$@"`,
    'sh',
    process.execPath,
    program,
    'operator',
  ]);
  const archive = join(checkout, 'build', 'img', 'operator.tar');
  return { id: /image id (?<id>sha256:[0-9a-f]{64})/.exec(said)?.groups?.['id'] ?? said, archive };
}

async function digestOf(file: string): Promise<string> {
  return (await run('sha256sum', [file])).split(' ')[0] ?? '';
}

test('is the same to the last byte', async () => {
  const [one, other] = builds;
  expect(one?.id).toMatch(/^sha256:/);
  expect(other?.id).toBe(one?.id);
  expect(await digestOf(other?.archive ?? '')).toBe(await digestOf(one?.archive ?? ''));
});

describe('what is in it', () => {
  let listing: readonly string[];

  beforeAll(async () => {
    const archive = builds[0]?.archive ?? '';
    const text = await run('sh', ['-c', 'tar -xOf "$1" layer.tar | tar -tvf -', 'sh', archive]);
    listing = text.trim().split('\n');
  });

  const pathsOf = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => line.replace(/^.*? \d\d:\d\d /, ''));

  test('is Node, the libraries that it needs, and the application: no shell, and no other program', () => {
    const outside = pathsOf(listing).filter((path) => !path.startsWith('app/') && !path.endsWith('/'));
    const others = outside.filter(
      (path) => !/^(?:usr\/)?lib(?:64)?\/(?:[^/]+\/)?(?:ld-linux|lib)[^/]*\.so/.test(path),
    );
    expect(others).toEqual(['usr/local/bin/node']);
    expect(pathsOf(listing).filter((path) => /(?:^|\/)(?:ba|da|a|z|k)?sh$|busybox|\.sh$/.test(path))).toEqual(
      [],
    );
  });

  test('belongs to root, cannot be changed by the operator, and gives nobody more rights', () => {
    const loose = listing.filter((line) => !/^[-d]r[w-][x-]r-[x-]r-[x-] 0\/0 /.test(line));
    // Where a program may put what it needs for a moment; the chart makes the whole file system read-only.
    expect(pathsOf(loose)).toEqual(['tmp/']);
  });

  test('has no package that only development needs, and no source in TypeScript', () => {
    const paths = pathsOf(listing);
    expect(paths).toContain('app/dist/operator/main.js');
    expect(paths.filter((path) => /node_modules\/(?:typescript|jest|oxlint|@biomejs)\//.test(path))).toEqual(
      [],
    );
    expect(paths.filter((path) => path.startsWith('app/dist/') && path.endsWith('.ts'))).toEqual([]);
  });
});
