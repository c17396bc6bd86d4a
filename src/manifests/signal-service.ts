import { LABELS, SIGNALLING_ON } from '../api/names.ts';
import { hasSignalPort, SIGNAL_PORT_NAME } from './media-node-container.ts';
import {
  mediaNodeLabels,
  type OwnedMeta,
  type OwnerRef,
  ownedMeta,
  type StringMap,
  signalServiceName,
} from './owned-object.ts';

/** Port of the Service, whatever port the servers listen on. */
export const SIGNAL_SERVICE_PORT = 7880;

export interface ServiceObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly metadata: OwnedMeta;
  readonly spec: {
    readonly type: 'ClusterIP';
    readonly selector: StringMap;
    readonly ports: readonly {
      readonly name: string;
      readonly protocol: 'TCP';
      readonly port: number;
      readonly targetPort: string | number;
    }[];
  };
}

type SignalSource = Parameters<typeof hasSignalPort>[0];

/**
 * The Service for signalling and the server API. It selects ready nodes that carry the signalling label, so
 * that a node can be taken out of it before it ends and while its own rooms go on.
 */
export function signalService(owner: OwnerRef, mediaNodes: SignalSource): ServiceObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMeta(owner, signalServiceName(owner.name)),
    spec: {
      type: 'ClusterIP',
      selector: { ...mediaNodeLabels(owner), [LABELS.signalling]: SIGNALLING_ON },
      ports: [
        { name: 'signal', protocol: 'TCP', port: SIGNAL_SERVICE_PORT, targetPort: targetPort(mediaNodes) },
      ],
    },
  };
}

/** By its name, so that nodes of an earlier spec are reached at the port that they were given. */
function targetPort(mediaNodes: SignalSource): string | number {
  return hasSignalPort(mediaNodes) ? SIGNAL_PORT_NAME : mediaNodes.signalPort;
}
