/** The rooms of load tests tell nothing of the rooms that people make, so nothing is learned from them. */
import type { PodObservation } from './observed.ts';
import type { RedisReading } from './readings.ts';

type Read = Extract<RedisReading, { kind: 'Read' }>;

/** What the names of all rooms of one load test begin with. */
export function loadTestPrefix(loadTest: string): string {
  return `lt-${loadTest}-`;
}

/** The reading without the rooms of load tests that have a node; the same object where there is none. */
export function withoutLoadTests(redis: Read, pods: readonly PodObservation[]): Read {
  const tests = pods.flatMap(({ underTest }) => (underTest === undefined ? [] : [underTest]));
  if (tests.length === 0) return redis;
  const prefixes = tests.map((name) => loadTestPrefix(name));
  return {
    ...redis,
    rooms: redis.rooms.filter(({ room }) => !prefixes.some((prefix) => room.startsWith(prefix))),
  };
}
