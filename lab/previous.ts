/** An earlier revision of this project, laid out so that its image and its chart can be made. */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, run, type Say } from './exec.ts';
import { images } from './image.ts';
import type { OperatorBuild } from './operator.ts';
import { previousDir, root } from './paths.ts';

/** The last release before this one. @throws LabError when there is none yet */
export async function lastRelease(): Promise<string> {
  const args = ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*'];
  const found = await run('git', args, { cwd: root }).catch(() => '');
  if (found.trim() !== '') return found.trim();
  throw new LabError('Nothing was released yet: name a revision with --from, such as --from HEAD~20.');
}

/** Puts the revision under `build/previous`. @throws LabError when git does not know it. */
export async function ensurePrevious(revision: string, say: Say): Promise<OperatorBuild> {
  const build = {
    chart: join(previousDir, 'charts', 'openvidu-media-operator'),
    image: images.previous,
  };
  const commit = await commitOf(revision);
  const stamp = join(previousDir, '.commit');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === commit) return build;
  say(`laying out ${revision} (${commit.slice(0, 10)}) in build/previous`);
  await rm(previousDir, { recursive: true, force: true });
  await mkdir(previousDir, { recursive: true });
  const archive = join(previousDir, 'sources.tar');
  await run('git', ['archive', '--output', archive, commit], { cwd: root });
  await run('tar', ['-xf', archive, '-C', previousDir]);
  await rm(archive);
  await packages(say);
  await writeFile(stamp, commit);
  return build;
}

async function commitOf(revision: string): Promise<string> {
  const asked = ['rev-parse', '--verify', '--quiet', `${revision.replace(/^-+/, '')}^{commit}`];
  const found = await run('git', asked, { cwd: root }).catch(() => {
    throw new LabError(`git knows no revision ${revision}: fetch it, or name another one.`);
  });
  return found.trim();
}

/** Those of this checkout where they are the same; else its own. */
async function packages(say: Say): Promise<void> {
  const lock = async (dir: string): Promise<string> => await readFile(join(dir, 'package-lock.json'), 'utf8');
  if ((await lock(root)) === (await lock(previousDir))) {
    return await symlink(join(root, 'node_modules'), join(previousDir, 'node_modules'));
  }
  say('installing its npm packages');
  await run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: previousDir });
}
