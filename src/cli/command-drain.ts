import type { Command } from 'commander';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { sayDuration } from '../base/duration.ts';
import type { Pod } from '../kube/kinds.ts';
import { NegativeAnswerError, StoppedError } from './cli-error.ts';
import type { ClusterLink, ClusterOptions } from './cluster-link.ts';
import { waitGoesWithTimeout } from './command-cordon.ts';
import { receiptsOf } from './command-receipts.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { answer } from './output.ts';
import { type Receipt, receiptsText } from './receipts.ts';
import { duration, objectName, reasonText } from './values.ts';

interface DrainOptions extends ClusterOptions {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
}

/** What `drain` answers. */
interface Drained {
  readonly node: string;
  readonly drained: boolean;
  readonly why: string;
  readonly receipt?: Receipt | undefined;
}

const lookEveryMs = 1000;

export function addDrain(program: Command, shell: Shell): void {
  const command = program
    .command('drain')
    .summary('Let a Media Node leave once its rooms have ended.')
    .description(
      'Lets a Media Node take no new rooms and leave once its rooms have ended by themselves; nobody is cut. ' +
        '"uncordon" undoes it until the node has been told to stop.',
    )
    .argument('<node>', 'Name of the Media Node, which is that of its Pod.', objectName)
    .option('--reason <text>', 'Why, for everybody who looks at the node.', reasonText)
    .option('--wait', 'Wait until the node is gone, however long its rooms last, and print the receipt.')
    .option('--timeout <duration>', 'With --wait: give up waiting after this time, such as 2h.', duration);
  handle<DrainOptions>(shell, command, (options, [node = '']) => drain(shell, options, node));
}

async function drain({ io }: Shell, options: DrainOptions, node: string): Promise<void> {
  waitGoesWithTimeout(options);
  const { withCluster, theCluster, mediaNodePod } = await import('./cluster-link.ts');
  const { outOfServiceWish, whyOf, writeWish } = await import('./node-wish.ts');
  await withCluster(options, async (link) => {
    const cluster = await theCluster(link, options);
    const pod = await mediaNodePod(link, cluster, node);
    const why = whyOf(options.reason);
    await refuseProtected(pod);
    // One that is leaving already needs no wish, but it can be waited for.
    if (pod.metadata.deletionTimestamp === undefined) {
      await writeWish(link, pod, outOfServiceWish('drain', why, io.clock.wallMs()));
    }
    if (options.wait === true) await untilGone({ io, link, cluster }, options, pod);
    await answer(
      io,
      options,
      await drained(link, cluster, pod, { why, isGone: options.wait === true }),
      textOf,
    );
  });
}

/** It would wait for ever, so the contradiction is told at once. */
async function refuseProtected(pod: Pod): Promise<void> {
  const { hasWish } = await import('./node-wish.ts');
  if (!hasWish(pod, 'protect')) return;
  const { name } = pod.metadata;
  throw new NegativeAnswerError(
    `${name} is protected and would never leave: take that back with "kubectl-openvidu unprotect ${name}".`,
  );
}

interface Waiting {
  readonly io: Io;
  readonly link: ClusterLink;
  readonly cluster: OpenViduCluster;
}

async function untilGone(waiting: Waiting, options: DrainOptions, pod: Pod): Promise<void> {
  const { waitUntil } = await import('./node-wish.ts');
  const { io } = waiting;
  const { name } = pod.metadata;
  const said = { text: '' };
  const wait = { everyMs: lookEveryMs, timeoutMs: options.timeout };
  const waited = await waitUntil(io, wait, () => isGone(waiting, pod, said));
  if (waited.kind === 'TimedOut') {
    throw new NegativeAnswerError(
      `${name} still has rooms or is still leaving after ${sayDuration(options.timeout ?? 0)}: ` +
        `it goes on draining, wait again or take it back with "kubectl-openvidu uncordon ${name}".`,
    );
  }
  if (waited.kind === 'Stopped') {
    throw new StoppedError(
      `stopped waiting: ${name} goes on draining until "kubectl-openvidu uncordon ${name}".`,
    );
  }
}

async function isGone(waiting: Waiting, pod: Pod, said: { text: string }): Promise<true | undefined> {
  const { PODS } = await import('../kube/resource.ts');
  const { ServerError, TimeoutError, UnreachableError } = await import('../kube/errors.ts');
  const { io, link } = waiting;
  const { name, uid } = pod.metadata;
  try {
    const now = await link.client.find(PODS, { name, namespace: link.namespace });
    if (now?.metadata.uid !== uid) return true;
    await sayProgress(waiting, now, said);
  } catch (error) {
    // An API server that is away for a while is no reason to give up a wait of hours.
    const passes = [ServerError, TimeoutError, UnreachableError].some((kind) => error instanceof kind);
    if (!passes) throw error;
    await sayOnce(io, said, 'the API server does not answer, waiting on');
  }
  return undefined;
}

async function sayProgress({ io, link, cluster }: Waiting, now: Pod, said: { text: string }): Promise<void> {
  if (!io.err.isTerminal) return;
  const { theCluster } = await import('./cluster-link.ts');
  const { status } = await theCluster(link, { output: 'text', cluster: cluster.metadata.name });
  const node = status?.nodes?.find(({ name }) => name === now.metadata.name);
  if (node === undefined) return;
  await sayOnce(
    io,
    said,
    `${node.name}: ${node.state}, rooms ${node.rooms}, participants ${node.participants}`,
  );
}

async function sayOnce(io: Io, said: { text: string }, text: string): Promise<void> {
  if (said.text !== text) await io.err.write(`${text}\n`);
  said.text = text;
}

async function drained(
  link: ClusterLink,
  cluster: OpenViduCluster,
  pod: Pod,
  { why, isGone: gone }: { readonly why: string; readonly isGone: boolean },
): Promise<Drained> {
  const { name: node, uid } = pod.metadata;
  if (!gone) return { node, drained: false, why };
  const { receipts } = await receiptsOf(link, cluster.metadata.name, { uid });
  return { node, drained: true, why, receipt: receipts.at(-1) };
}

function textOf({ node, drained: gone, why, receipt }: Drained): string {
  if (!gone) return `${node} takes no new rooms and leaves once it is empty: ${why}`;
  if (receipt === undefined) return `${node} is gone, without a receipt: somebody else removed it.`;
  return `${node} is gone.\n${receiptsText({ receipts: [receipt], unreadable: [] })}`;
}
