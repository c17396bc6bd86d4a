/** Faults of Redis, and between it and the operator. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chance, uniform, wholeBetween } from '../../src/workload/random.ts';
import { type Fault, hand, insist, redis, swallow, watchAgainMs } from './fault.ts';

export const redisFaults: readonly Fault[] = [
  redis(
    { name: 'Redis frozen', says: 'No byte passes for up to 4 s.', extraMs: watchAgainMs },
    () => ({ kind: 'Freeze' }),
    [300, 4000],
  ),
  redis(
    { name: 'Redis slow', says: 'Each byte 50 to 500 ms late.', extraMs: watchAgainMs },
    (random) => ({ kind: 'Slow', ms: uniform(random, 50, 500) }),
    [500, 2500],
  ),
  redis(
    { name: 'Redis refuses', says: 'Connections break as soon as they are made.', extraMs: watchAgainMs },
    () => ({ kind: 'Refuse' }),
    [200, 2500],
  ),
  redis(
    {
      name: 'Redis answers by halves',
      says: 'The connection breaks in the middle of an answer.',
      extraMs: watchAgainMs,
    },
    () => ({ kind: 'Partial' }),
    [50, 500],
  ),
  redis(
    { name: 'Redis is loading', says: 'Every command is answered with -LOADING.', extraMs: watchAgainMs },
    () => ({ kind: 'Answer', error: 'LOADING Redis is loading the dataset in memory' }),
    [200, 2000],
  ),
  hand(
    {
      name: 'Redis connections cut',
      says: 'The operator loses its connections.',
      extraMs: watchAgainMs,
      weight: 1.5,
    },
    ({ cell }) => {
      cell.redisProxy.cut();
      return Promise.resolve();
    },
  ),
  hand(
    {
      name: 'Redis kills its clients',
      says: 'CLIENT KILL for everybody, media servers too.',
      extraMs: watchAgainMs,
    },
    ({ cell }) => swallow(cell.wish.redis.killClients()),
  ),
  hand(
    { name: 'Redis stopped', says: 'SIGSTOP of redis-server for up to 3 s.', extraMs: watchAgainMs },
    async ({ cell, random }) => {
      cell.wish.redis.freeze();
      await sleep(uniform(random, 300, 3000));
      cell.wish.redis.thaw();
    },
  ),
  hand(
    {
      name: 'Redis killed, back empty',
      says: 'SIGKILL of redis-server; it starts again with nothing.',
      extraMs: 25_000,
      weight: 0.5,
    },
    async ({ cell, random }) => {
      cell.judge.disturbed(performance.now());
      await cell.wish.redis.kill();
      await sleep(uniform(random, 100, 2500));
      await cell.wish.redis.start();
      cell.judge.disturbed(performance.now());
    },
  ),
  hand(
    { name: 'Redis read-only', says: 'Every write is refused with -READONLY.', extraMs: watchAgainMs },
    async ({ cell, random }) => {
      await swallow(cell.wish.redis.setReadOnly(true));
      await sleep(uniform(random, 300, 1500));
      await insist(() => cell.wish.redis.setReadOnly(false));
    },
  ),
  hand(
    {
      name: 'Redis password changed',
      says: "The operator's login gets another password, in Redis and in the Secret up to 3 s apart, either first.",
      extraMs: watchAgainMs + 10_000,
    },
    async ({ cell, random }) => {
      const password = `password-${wholeBetween(random, 1, 1e9)}`;
      const inRedis = () => insist(() => cell.wish.redis.changePassword(password));
      const inSecret = () => insist(() => cell.tellPassword(password));
      const [first, then] = chance(random, 0.5) ? [inRedis, inSecret] : [inSecret, inRedis];
      await first();
      await sleep(uniform(random, 0, 3000));
      await then();
    },
  ),
  hand(
    { name: 'Redis full', says: 'Every write is refused with -OOM.', extraMs: watchAgainMs },
    async ({ cell, random }) => {
      await swallow(cell.wish.redis.setFull(true));
      await sleep(uniform(random, 300, 2500));
      await insist(() => cell.wish.redis.setFull(false));
    },
  ),
];
