import { join } from 'node:path';
import { clustersDir } from '../paths.ts';

/** Clusters that can run side by side on one machine, and Kubernetes Nodes that each can have. */
export const slotCount = 16;
export const maxNodes = 15;
export const redisPort = 6379;

/** Everything that is named or addressed by the slot, so that clusters never meet. */
export interface SlotNames {
  readonly slot: number;
  readonly dir: string;
  readonly logDir: string;
  readonly pkiDir: string;
  readonly bridge: string;
  /** Own loopback address: inner ports need no numbers of their own. */
  readonly loopback: string;
  readonly gatewayIp: string;
  readonly apiIp: string;
  readonly apiUrl: string;
  readonly serviceRange: string;
  /** Cgroup, relative to the root of each hierarchy, that holds every process of the cluster. */
  readonly cgroup: string;
}

export interface NodeNames {
  readonly index: number;
  /** Name of the Kubernetes Node and of its network namespace. */
  readonly name: string;
  readonly dir: string;
  readonly ip: string;
  readonly veth: string;
  readonly podCidr: string;
  /** Cgroup of containerd, kubelet and the shims. */
  readonly hostCgroup: string;
  /** Cgroup under which the kubelet puts Pods. */
  readonly podCgroup: string;
}

export function slotNames(slot: number): SlotNames {
  const dir = join(clustersDir, String(slot));
  const apiIp = `10.96.${slot}.1`;
  return {
    slot,
    dir,
    logDir: join(dir, 'log'),
    pkiDir: join(dir, 'pki'),
    bridge: `ovm${slot}`,
    loopback: `127.88.${slot}.1`,
    gatewayIp: `10.88.${slot}.1`,
    apiIp,
    apiUrl: `https://${apiIp}:443`,
    serviceRange: `10.96.${slot}.0/24`,
    cgroup: `ovm${slot}`,
  };
}

/** Indexes start at 1. */
export function nodeNames(slot: number, index: number): NodeNames {
  const names = slotNames(slot);
  return {
    index,
    name: `ovm${slot}-node${index}`,
    dir: join(names.dir, `node${index}`),
    ip: `10.88.${slot}.${10 + index}`,
    veth: `ovm${slot}-v${index}`,
    podCidr: `10.99.${slot * 16 + index}.0/24`,
    hostCgroup: `${names.cgroup}/host${index}`,
    podCgroup: `${names.cgroup}/pods${index}`,
  };
}

/** What a running cluster tells about itself; plain data, also written to `cluster.json`. */
export interface ClusterInfo {
  readonly slot: number;
  readonly name: string;
  readonly dir: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly apiUrl: string;
  readonly caFile: string;
  readonly gatewayIp: string;
  readonly redisPort: number;
  /** Kubernetes audit log, JSON Lines, one line for each write request. */
  readonly auditLog: string;
  readonly nodes: readonly KubeNodeInfo[];
  /** Process ids by part: etcd, apiserver, controllers, scheduler, redis. */
  readonly pids: Readonly<Record<string, number>>;
}

export interface KubeNodeInfo {
  readonly name: string;
  readonly ip: string;
  readonly podCidr: string;
  readonly kubeletPid: number;
  readonly containerdPid: number;
}
