import type { Command } from 'commander';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { sayDuration } from '../base/duration.ts';
import { NegativeAnswerError, StoppedError, UsageError } from './cli-error.ts';
import type { ClusterLink, ClusterOptions } from './cluster-link.ts';
import { handle, type Shell } from './command.ts';
import { answer } from './output.ts';
import { duration, objectName, reasonText } from './values.ts';

interface CordonOptions extends ClusterOptions {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
}

const lookEveryMs = 500;

export function addCordon(program: Command, shell: Shell): void {
  const command = program
    .command('cordon')
    .summary('Let a Media Node take no new rooms.')
    .description(
      'Lets a Media Node take no new rooms. Its rooms go on, the node stays, and "uncordon" undoes it. ' +
        'The node counts as no capacity meanwhile, so it is replaced where that is needed.',
    )
    .argument('<node>', 'Name of the Media Node, which is that of its Pod.', objectName)
    .option('--reason <text>', 'Why, for everybody who looks at the node.', reasonText)
    .option('--wait', 'Wait until the operator has closed the node for new rooms.')
    .option('--timeout <duration>', 'With --wait: give up after this time, such as 30s.', duration);
  handle<CordonOptions>(shell, command, (options, [node = '']) => cordon(shell, options, node));
}

async function cordon({ io }: Shell, options: CordonOptions, node: string): Promise<void> {
  waitGoesWithTimeout(options);
  const { withCluster, theCluster, mediaNodePod } = await import('./cluster-link.ts');
  const wishes = await import('./node-wish.ts');
  await withCluster(options, async (link) => {
    const cluster = await theCluster(link, options);
    const pod = await mediaNodePod(link, cluster, node);
    wishes.mustNotBeLeaving(pod, 'cordoned');
    const why = wishes.whyOf(options.reason);
    await wishes.writeWish(link, pod, wishes.outOfServiceWish('cordon', why, io.clock.wallMs()));
    if (options.wait === true) {
      const wait = { everyMs: lookEveryMs, timeoutMs: options.timeout };
      const waited = await wishes.waitUntil(io, wait, () => isCordoned(link, cluster, node));
      if (waited.kind === 'TimedOut') throw notInTime(node, options.timeout ?? 0);
      if (waited.kind === 'Stopped') throw new StoppedError(`stopped waiting: ${node} stays cordoned.`);
    }
    const closed = options.wait === true ? ' and is closed for new rooms' : '';
    await answer(io, options, { node, cordoned: true, why }, () => `${node} is cordoned${closed}: ${why}`);
  });
}

/** A timeout without a wait would be ignored, which nobody wants. @throws UsageError */
export function waitGoesWithTimeout(options: { readonly wait?: boolean; readonly timeout?: number }): void {
  if (options.timeout !== undefined && options.wait !== true) {
    throw new UsageError('--timeout does nothing without --wait: add --wait or leave --timeout out.');
  }
}

async function isCordoned(
  link: ClusterLink,
  cluster: OpenViduCluster,
  node: string,
): Promise<true | undefined> {
  const { theCluster } = await import('./cluster-link.ts');
  const now = await theCluster(link, { output: 'text', cluster: cluster.metadata.name });
  const state = now.status?.nodes?.find(({ name }) => name === node)?.state;
  return state === 'Cordoned' ? true : undefined;
}

function notInTime(node: string, timeoutMs: number): NegativeAnswerError {
  return new NegativeAnswerError(
    `the operator has not closed ${node} within ${sayDuration(timeoutMs)}: see "kubectl-openvidu status" for why.`,
  );
}

export function addUncordon(program: Command, shell: Shell): void {
  const command = program
    .command('uncordon')
    .summary('Let a Media Node take new rooms again.')
    .description('Takes a cordon or a drain back, as long as the node has not been told to stop.')
    .argument('<node>', 'Name of the Media Node, which is that of its Pod.', objectName);
  handle<ClusterOptions>(shell, command, (options, [node = '']) => uncordon(shell, options, node));
}

async function uncordon({ io }: Shell, options: ClusterOptions, node: string): Promise<void> {
  const { withCluster, theCluster, mediaNodePod } = await import('./cluster-link.ts');
  const { backInServiceWish, hasWish, mustNotBeLeaving, writeWish } = await import('./node-wish.ts');
  await withCluster(options, async (link) => {
    const pod = await mediaNodePod(link, await theCluster(link, options), node);
    mustNotBeLeaving(pod, 'uncordoned');
    const was = hasWish(pod, 'cordon') || hasWish(pod, 'drain');
    if (was) await writeWish(link, pod, backInServiceWish);
    const text = was ? `${node} is no longer cordoned` : `${node} was not cordoned`;
    await answer(io, options, { node, cordoned: false, changed: was }, () => text);
  });
}
