/** The OpenViduCluster that the demo and the tests run. */
import { parse, stringify } from 'yaml';
import { isJsonObject, type JsonObject } from '../src/base/json-object.ts';
import { deepMerge } from '../src/manifests/deep-merge.ts';
import { LabError } from './exec.ts';
import { images } from './image.ts';

export interface FleetSpec {
  readonly name: string;
  readonly secretName: string;
  readonly redisAddress: string;
  /** Fleets that share a Redis server need a database each. */
  readonly redisDb?: number;
  readonly max: number;
  readonly min?: number;
  readonly capacity: number;
  readonly headroomSlots: number;
  readonly scaleDownSeconds: number;
  readonly mode?: 'Enforce' | 'External';
  /** Packed unless told: with Spread the load alone decides how many nodes there are. */
  readonly strategy?: 'Packed' | 'Spread';
  /** The way to Redis where it has Sentinels; `redisAddress` is not used then. */
  readonly sentinel?: { readonly masterName: string; readonly addresses: readonly string[] };
  /** Merged over `spec`; lists are replaced as a whole. */
  readonly changes?: JsonObject;
}

/** Nodes that all serve and that a handful of people does not fill: what is tried on them is not about their number. */
export const roomyNodes = {
  capacity: 20,
  headroomSlots: 1,
  scaleDownSeconds: 3,
  strategy: 'Spread',
} as const satisfies Partial<FleetSpec>;

/** Spreads Pods over machines, as people do with Media Nodes. */
export const spreadOverMachines: JsonObject = {
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'openvidu-media-node' } },
    },
  ],
};

/** The containers of a template with the media server, changed where told, and others beside it. */
export function containers(
  change: JsonObject = {},
  others: readonly JsonObject[] = [],
): { readonly containers: readonly JsonObject[] } {
  const media = { name: 'livekit', image: images.livekit, imagePullPolicy: 'Never' };
  return { containers: [{ ...media, ...change }, ...others] };
}

/** As a person would write it, in YAML. @throws LabError when the changes hit something that is no map. */
export function sampleManifest(spec: FleetSpec): string {
  const plain = plainManifest(spec);
  if (spec.changes === undefined) return plain;
  const manifest: unknown = parse(plain);
  if (!isJsonObject(manifest))
    throw new LabError('The sample is no map of YAML any more: mend lab/fleet-spec.ts.');
  return stringify(deepMerge(manifest, { spec: spec.changes }), { lineWidth: 0 });
}

function redisLine({ sentinel, redisAddress, redisDb }: FleetSpec): string {
  if (sentinel === undefined) return `standalone: { address: "${redisAddress}", db: ${redisDb ?? 0} }`;
  const addresses = sentinel.addresses.map((address) => `"${address}"`).join(', ');
  return `sentinel: { masterName: ${sentinel.masterName}, addresses: [${addresses}] }`;
}

function plainManifest(spec: FleetSpec): string {
  return `apiVersion: openvidu.io/v1alpha1
kind: OpenViduCluster
metadata:
  name: ${spec.name}
spec:
  redis:
    ${redisLine(spec)}
  server:
    credentialsSecretRef: { name: ${spec.secretName} }
  mediaNodes:
    min: ${spec.min ?? 1}
    max: ${spec.max}
    capacity: { participants: ${spec.capacity} }
    config:
      room: { empty_timeout: 20, departure_timeout: 1 }
    template:
      spec:
        containers:
          - name: livekit
            image: ${images.livekit}
            imagePullPolicy: Never
  autoscaling:
    mode: ${spec.mode ?? 'Enforce'}
    targets:
      - { type: Participants, utilizationPercent: 70 }
    headroom: { slots: ${spec.headroomSlots} }
    placement: { strategy: ${spec.strategy ?? 'Packed'} }
    behavior:
      scaleDown: { stabilizationWindowSeconds: ${spec.scaleDownSeconds} }
  drain:
    maxConcurrent: 2
`;
}
