/** Which OpenViduClusters would mix their rooms, because they name the same Redis and database. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { isTrial } from './spec-now.ts';

/**
 * Others with the same Redis and database, as `namespace/name` in their order. A trial is none: it writes nothing
 * there, and it may well look at the Redis of a fleet that runs.
 */
export function sharingRedis(cluster: OpenViduCluster, all: readonly OpenViduCluster[]): readonly string[] {
  if (isTrial(cluster)) return [];
  const places = new Set(redisPlaces(cluster));
  return all
    .filter((other) => other.metadata.uid !== cluster.metadata.uid && !isTrial(other))
    .filter((other) => redisPlaces(other).some((place) => places.has(place)))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .toSorted();
}

/** Every name under which the data of this fleet is found. One in common is enough to be the same. */
function redisPlaces({ metadata, spec }: OpenViduCluster): readonly string[] {
  const { standalone, sentinel, cluster } = spec.redis;
  const inFull = (address: string): string => fullAddress(address, metadata.namespace);
  if (standalone !== undefined) return [`${inFull(standalone.address)}/${standalone.db}`];
  if (sentinel !== undefined) {
    return sentinel.addresses.map((address) => `${inFull(address)} ${sentinel.masterName}`);
  }
  return (cluster?.addresses ?? []).map(inFull);
}

/** A short name means another Service in each namespace; the long forms of one Service mean the same. */
function fullAddress(address: string, namespace: string): string {
  const at = address.lastIndexOf(':');
  const host = (at < 0 ? address : address.slice(0, at)).toLowerCase();
  const port = at < 0 ? '6379' : address.slice(at + 1);
  const isShort = !host.includes('.') && !host.includes(':') && host !== 'localhost';
  const full = isShort ? `${host}.${namespace}` : host.replace(/\.svc(\.cluster\.local)?\.?$/, '');
  return `${full}:${port}`;
}
