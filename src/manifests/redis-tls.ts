/** Certificates for Redis as files in the media container, because the server reads them from files only. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { JsonObject } from '../base/json-object.ts';

const folder = '/etc/openvidu-media-operator/redis-tls';
const volumeName = 'openvidu-redis-tls';

/** Paths within the media container. */
export const redisTlsFiles = {
  ca: `${folder}/ca.crt`,
  certificate: `${folder}/tls.crt`,
  key: `${folder}/tls.key`,
} as const;

/** The volume and its mount; `undefined` when Redis needs no certificate of ours. */
export function redisTlsVolume(
  redis: OpenViduCluster['spec']['redis'],
): { readonly volume: JsonObject; readonly mount: JsonObject } | undefined {
  const ca = redis.tls?.caSecretRef;
  const client = redis.tls?.clientCertificateSecretRef;
  const sources = [
    ...(ca === undefined ? [] : [{ secret: { name: ca.name, items: [{ key: ca.key, path: 'ca.crt' }] } }]),
    ...(client === undefined
      ? []
      : [{ secret: { name: client.name, items: [item('tls.crt'), item('tls.key')] } }]),
  ];
  if (sources.length === 0) return undefined;
  return {
    volume: { name: volumeName, projected: { sources } },
    mount: { name: volumeName, mountPath: folder, readOnly: true },
  };
}

function item(key: string): JsonObject {
  return { key, path: key };
}
