/** What is kept of a Pod: fleets have a thousand of them, and most of each is read by nobody here. */
import type { ContainerStatus, Pod } from '../kube/kinds.ts';

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

/** As the API server tells it. */
interface WholePod extends Omit<Pod, 'spec' | 'status'> {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: Pod['status'] & { readonly initContainerStatuses?: readonly ContainerStatus[] };
}

/** The same Pod with no more than how it does, who it is, and by what companions of its media server are known. */
export function slimPod({ apiVersion, kind, metadata, spec, status }: WholePod): Pod {
  const { nodeName, containers, initContainers } = spec;
  const early = initContainers === undefined ? {} : { initContainers: initContainers.map(slimContainer) };
  return {
    apiVersion,
    kind,
    metadata,
    spec: {
      ...(nodeName === undefined ? {} : { nodeName }),
      containers: containers.map(slimContainer),
      ...early,
    },
    ...(status === undefined ? {} : { status: slimStatus(status) }),
  };
}

/** The values of variables are secrets as often as not, and of no interest. */
function slimContainer({ name, image, restartPolicy, env, ports }: Container): Container {
  return {
    name,
    ...(image === undefined ? {} : { image }),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
    ...(env === undefined ? {} : { env: env.map((variable) => ({ name: variable.name })) }),
    ...(ports === undefined ? {} : { ports }),
  };
}

function slimStatus(status: NonNullable<WholePod['status']>): NonNullable<WholePod['status']> {
  const { phase, reason, message, podIP, conditions, containerStatuses, initContainerStatuses } = status;
  return {
    ...(phase === undefined ? {} : { phase }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(podIP === undefined ? {} : { podIP }),
    ...(conditions === undefined ? {} : { conditions }),
    ...(containerStatuses === undefined
      ? {}
      : { containerStatuses: containerStatuses.map(slimContainerStatus) }),
    ...(initContainerStatuses === undefined
      ? {}
      : { initContainerStatuses: initContainerStatuses.map(slimContainerStatus) }),
  };
}

function slimContainerStatus({
  name,
  ready,
  restartCount,
  state,
  lastState,
}: ContainerStatus): ContainerStatus {
  return {
    name,
    ready,
    restartCount,
    ...(state === undefined ? {} : { state }),
    ...(lastState === undefined ? {} : { lastState }),
  };
}
