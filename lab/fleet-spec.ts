/** The OpenViduCluster that the demo and the tests run. */
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
}

/** As a person would write it, in YAML. */
export function sampleManifest(spec: FleetSpec): string {
  return `apiVersion: openvidu.io/v1alpha1
kind: OpenViduCluster
metadata:
  name: ${spec.name}
spec:
  redis:
    standalone: { address: "${spec.redisAddress}", db: ${spec.redisDb ?? 0} }
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
