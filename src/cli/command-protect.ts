import type { Command } from 'commander';
import { ANNOTATIONS, PROTECTED } from '../api/names.ts';
import type { ClusterOptions } from './cluster-link.ts';
import { handle, type Shell } from './command.ts';
import { answer } from './output.ts';
import { objectName } from './values.ts';

export function addProtect(program: Command, shell: Shell): void {
  const command = program
    .command('protect')
    .summary('Forbid that a Media Node is removed.')
    .description('Forbids that the operator removes a Media Node, whatever else holds, until "unprotect".')
    .argument('<node>', 'Name of the Media Node, which is that of its Pod.', objectName);
  handle<ClusterOptions>(shell, command, (options, [node = '']) => setProtection(shell, options, node, true));
}

export function addUnprotect(program: Command, shell: Shell): void {
  const command = program
    .command('unprotect')
    .summary('Allow again that a Media Node is removed.')
    .description(
      'Takes "protect" back: the operator may remove the node again once it is not needed and empty.',
    )
    .argument('<node>', 'Name of the Media Node, which is that of its Pod.', objectName);
  handle<ClusterOptions>(shell, command, (options, [node = '']) =>
    setProtection(shell, options, node, false),
  );
}

async function setProtection(
  { io }: Shell,
  options: ClusterOptions,
  node: string,
  isProtected: boolean,
): Promise<void> {
  const { withCluster, theCluster, mediaNodePod } = await import('./cluster-link.ts');
  const { mustNotBeLeaving, writeWish } = await import('./node-wish.ts');
  await withCluster(options, async (link) => {
    const pod = await mediaNodePod(link, await theCluster(link, options), node);
    if (isProtected) mustNotBeLeaving(pod, 'protected');
    await writeWish(link, pod, { [ANNOTATIONS.protect]: isProtected ? PROTECTED : null });
    const text = isProtected ? `${node} will not be removed` : `${node} may be removed again`;
    await answer(io, options, { node, protected: isProtected }, () => text);
  });
}
