/** Faults between the operator and the API server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pick, uniform } from '../../src/workload/random.ts';
import type { ChaosCell } from './cell.ts';
import { api, type Fault, hand, restartMs, type Struck } from './fault.ts';
import { until } from '../exec.ts';
import { saysItLed } from '../operator-log.ts';

export const apiFaults: readonly Fault[] = [
  api(
    { name: 'API frozen', says: 'No answer and no event for up to 1.5 s.', extraMs: 10_000 },
    () => ({ kind: 'Freeze' }),
    [200, 1500],
  ),
  api(
    {
      name: 'API frozen past the lease',
      says: 'No answer for longer than the lease holds.',
      extraMs: restartMs,
      weight: 0.4,
    },
    () => ({ kind: 'Freeze' }),
    [3500, 5000],
  ),
  api(
    { name: 'API slow', says: 'Each answer and event 0.1 to 1 s late.', extraMs: 15_000 },
    (random) => ({ kind: 'Slow', ms: uniform(random, 100, 1000) }),
    [500, 2000],
  ),
  api(
    { name: 'API 429', says: 'Too many requests, with Retry-After.', extraMs: 10_000 },
    () => ({ kind: 'Answer', status: 429, retryAfterSeconds: 1, to: 'All' }),
    [200, 1500],
  ),
  api(
    { name: 'rights withdrawn', says: 'Forbidden, for every write or every call.', extraMs: 15_000 },
    (random) => ({ kind: 'Answer', status: 403, to: pick(random, ['Writes', 'All'] as const) }),
    [200, 1500],
  ),
  api(
    { name: 'API 500 on writes', says: 'Internal error for every write.', extraMs: 15_000 },
    () => ({ kind: 'Answer', status: 500, to: 'Writes' }),
    [200, 1500],
  ),
  api(
    { name: 'API 503', says: 'Unavailable, for every call.', extraMs: 10_000 },
    () => ({ kind: 'Answer', status: 503, to: 'All' }),
    [200, 1500],
  ),
  api(
    { name: 'API 410 on watches', says: 'Every watch is told that its version is too old.', extraMs: 10_000 },
    () => ({ kind: 'Expire' }),
    [100, 1000],
  ),
  api(
    { name: 'API refuses', says: 'Every connection is broken at once.', extraMs: 15_000 },
    () => ({ kind: 'Refuse' }),
    [200, 2000],
  ),
  api(
    { name: 'request lost', says: 'Writes break before the API server has them.', extraMs: 15_000 },
    () => ({ kind: 'LoseRequest' }),
    [200, 1500],
  ),
  api(
    { name: 'answer lost', says: 'Writes are carried out and their answers are lost.', extraMs: 15_000 },
    () => ({ kind: 'LoseAnswer' }),
    [200, 1500],
  ),
  api(
    {
      name: 'events held back',
      says: 'Watches say nothing for up to 3 s, then all at once.',
      extraMs: 10_000,
    },
    () => ({ kind: 'HoldEvents' }),
    [500, 3000],
  ),
  api(
    {
      name: 'unobserved states',
      says: 'Of each object only the last state in up to 3 s is shown.',
      extraMs: 10_000,
    },
    () => ({ kind: 'Unobserved' }),
    [500, 3000],
  ),
  api(
    {
      name: 'credentials expired',
      says: 'The token is one that the API server does not know.',
      extraMs: 15_000,
    },
    () => ({ kind: 'BadCredentials' }),
    [200, 1500],
  ),
  hand(
    { name: 'streams cut', says: 'Every watch ends without a word.', extraMs: 10_000, weight: 1.5 },
    ({ cell }) => {
      cell.api.cutStreams(false);
      return Promise.resolve();
    },
  ),
  hand(
    {
      name: 'streams cut mid-event',
      says: 'Every watch breaks in the middle of a line.',
      extraMs: 10_000,
      weight: 1.5,
    },
    ({ cell }) => {
      cell.api.cutStreams(true);
      return Promise.resolve();
    },
  ),
  hand(
    { name: 'connections cut', says: 'Every connection to the API server breaks.', extraMs: 15_000 },
    ({ cell }) => {
      cell.api.cutAll();
      return Promise.resolve();
    },
  ),
  hand(
    {
      name: 'stale view after a restart',
      says: 'The operator is killed and starts on lists of before the step, for 2 s.',
      extraMs: restartMs,
      weight: 0.5,
    },
    staleRestart,
  ),
];

async function staleRestart({ cell }: Struck): Promise<void> {
  const version = await versionNow(cell);
  await sleep(700);
  await cell.killOperator();
  cell.api.set({ kind: 'Stale', version });
  await cell.startOperator();
  await untilLeading(cell, 12_000);
  await sleep(2000);
  cell.api.set(undefined);
}

/** Version of the whole store. */
export async function versionNow(cell: ChaosCell): Promise<string> {
  const answer = await cell.wish.view.client.http.request<{
    readonly metadata: { readonly resourceVersion: string };
  }>({
    method: 'GET',
    path: '/api/v1/namespaces/default/pods',
  });
  return answer.metadata.resourceVersion;
}

/** The process that was started last says so; goes on without a word when it does not in time. */
export async function untilLeading({ operator }: ChaosCell, timeoutMs: number): Promise<void> {
  await until({ what: 'the operator to lead', timeoutMs, stepMs: 30 }, () => {
    return saysItLed(operator.lastWords() ?? '');
  }).catch(() => undefined);
}
