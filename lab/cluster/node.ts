import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { killCgroup, makeCgroup } from './cgroup.ts';
import { answers, Daemon } from './daemon.ts';
import { type KubeNodeInfo, maxNodes, type NodeNames, nodeNames, type SlotNames } from './names.ts';
import { kubeconfigPath, makeNodeCertificate } from './pki.ts';
import { containerdEnv, disabledPlugins } from './store.ts';
import { allDone, run, until } from '../exec.ts';
import { images } from '../image.ts';
import { binDir, debDir } from '../paths.ts';

// Inside its own mount namespace every Kubernetes Node finds its files at the same short path: Unix sockets allow only
// 108 bytes, and a checkout may lie deep.
const inside = '/run/node';
const socketPath = '/run/containerd/containerd.sock';

// The mounts, log links and plugin sockets of a Kubernetes Node are its own and vanish with its last process.
const bootScript = `
set -e
echo 1 >/proc/sys/net/ipv4/ip_forward
cd "$1"; shift
mount -t tmpfs tmpfs /run
mkdir ${inside}
mount --bind . ${inside}
for dir in /var/log /var/lib/kubelet /var/lib/cni; do
  mkdir -p $dir
  mount -t tmpfs tmpfs $dir
done
cd /
exec "$@"`;

// Unpacked layers are only ever read, so Kubernetes Nodes share them by hard links; the databases are their own.
const copyScript = `
cp -al "$1" "$2"
cd "$1"
find . -maxdepth 2 -name '*.db' -exec cp --remove-destination {} "$2"/{} ';'`;

/** One Kubernetes Node: containerd and kubelet in a network namespace and a mount namespace of their own. */
export class KubeNode {
  readonly names: NodeNames;
  readonly #slot: SlotNames;
  #containerd: Daemon | undefined;
  #kubelet: Daemon | undefined;

  constructor(slot: SlotNames, index: number) {
    this.#slot = slot;
    this.names = nodeNames(slot.slot, index);
  }

  get info(): KubeNodeInfo {
    const { name, ip, podCidr } = this.names;
    return {
      name,
      ip,
      podCidr,
      kubeletPid: this.#kubelet?.pid ?? 0,
      containerdPid: this.#containerd?.pid ?? 0,
    };
  }

  /** Everything up to a running containerd; needs no API server. */
  async prepare(store: string, signal: AbortSignal): Promise<void> {
    const { dir, name, hostCgroup, podCgroup } = this.names;
    await mkdir(join(dir, 'cni'), { recursive: true });
    await allDone([
      run('sh', ['-ec', copyScript, 'sh', store, join(dir, 'containerd')]),
      this.#makeNetwork(),
      makeNodeCertificate(this.#slot, name),
      makeCgroup(hostCgroup),
      makeCgroup(podCgroup),
      this.#writeConfigs(),
    ]);
    await this.#startContainerd(signal);
  }

  async startKubelet(): Promise<void> {
    const { name, ip, index, hostCgroup } = this.names;
    const pid = this.#containerd?.pid ?? 0;
    const zone = `zone-${'abc'[(index - 1) % 3] ?? 'a'}`;
    this.#kubelet = await Daemon.start({
      name: `${name}-kubelet`,
      cgroup: hostCgroup,
      logDir: this.#slot.logDir,
      command: [
        'nsenter',
        `--net=/proc/${pid}/ns/net`,
        `--mount=/proc/${pid}/ns/mnt`,
        join(binDir, 'kubelet'),
        `--config=${inside}/kubelet.json`,
        `--kubeconfig=${kubeconfigPath(this.#slot, name)}`,
        `--root-dir=${inside}/kubelet`,
        `--cert-dir=${inside}/kubelet/pki`,
        `--hostname-override=${name}`,
        `--node-ip=${ip}`,
        `--node-labels=openvidu.io/role=media,topology.kubernetes.io/zone=${zone}`,
      ],
    });
  }

  async assertAlive(): Promise<void> {
    await this.#containerd?.assertAlive();
    await this.#kubelet?.assertAlive();
  }

  /** As if the machine lost its power: every process dies at once and its network goes. */
  async kill(): Promise<void> {
    await killCgroup(this.names.hostCgroup);
    await killCgroup(this.names.podCgroup);
    await run('ip', ['link', 'del', this.names.veth]).catch(() => undefined);
    await run('ip', ['netns', 'del', this.names.name]);
    await rm(this.names.dir, { recursive: true, force: true });
  }

  async #makeNetwork(): Promise<void> {
    const { name, veth, ip, index } = this.names;
    const { bridge, gatewayIp, slot } = this.#slot;
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['-batch', '-'], {
      input: `link add ${veth} type veth peer name eth0 netns ${name}\nlink set ${veth} master ${bridge} up\n`,
    });
    const lines = [
      `addr add ${ip}/24 dev eth0`,
      'link set eth0 up',
      'link set lo up',
      `route add default via ${gatewayIp}`,
    ];
    for (let other = 1; other <= maxNodes; other++) {
      const peer = nodeNames(slot, other);
      if (other !== index) lines.push(`route add ${peer.podCidr} via ${peer.ip}`);
    }
    await run('ip', ['-n', name, '-batch', '-'], { input: lines.join('\n') });
  }

  async #writeConfigs(): Promise<void> {
    const { dir, podCidr, podCgroup } = this.names;
    await writeFile(join(dir, 'cni', '10-pods.conflist'), JSON.stringify(cniConfig(podCidr), null, 2));
    await writeFile(join(dir, 'containerd.toml'), containerdConfig());
    const kubelet = kubeletConfig(podCgroup, join(this.#slot.pkiDir, 'ca.crt'));
    await writeFile(join(dir, 'kubelet.json'), JSON.stringify(kubelet, null, 2));
  }

  async #startContainerd(signal: AbortSignal): Promise<void> {
    const { name, dir, hostCgroup } = this.names;
    const script = ['sh', '-c', bootScript, 'sh', dir];
    const namespaces = [
      'nsenter',
      `--net=/run/netns/${name}`,
      'unshare',
      '--mount',
      '--propagation',
      'private',
    ] as const;
    const program = [join(debDir, 'usr/bin/containerd'), '-c', `${inside}/containerd.toml`];
    const daemon = await Daemon.start({
      name: `${name}-containerd`,
      cgroup: hostCgroup,
      logDir: this.#slot.logDir,
      env: containerdEnv(),
      command: [...namespaces, ...script, ...program],
    });
    this.#containerd = daemon;
    const path = `/proc/${daemon.pid}/root${socketPath}`;
    await until({ what: `the start of containerd on ${name}`, timeoutMs: 30_000, signal }, async () => {
      await daemon.assertAlive();
      return answers({ path });
    });
  }
}

function cniConfig(subnet: string): object {
  const ipam = {
    type: 'host-local',
    dataDir: `${inside}/ipam`,
    ranges: [[{ subnet }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  // No address translation: Pods are reached from the machine and from each other by routes.
  const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, ipam };
  return { cniVersion: '1.0.0', name: 'pods', plugins: [bridge] };
}

function containerdConfig(): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${inside}/containerd"
state = "/run/containerd"
${disabledPlugins}
[grpc]
  address = "${socketPath}"
[${cri}]
  sandbox_image = "${images.pause}"
  # Containers without CAP_SYS_RESOURCE may not lower their OOM score; without this no Pod would start there.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [${cri}.cni]
    bin_dir = "${join(debDir, 'usr/lib/cni')}"
    conf_dir = "${inside}/cni"
  [${cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${cri}.containerd.runtimes.runc.options]
      BinaryName = "${join(debDir, 'usr/sbin/runc')}"
      SystemdCgroup = false
`;
}

function kubeletConfig(podCgroup: string, clientCAFile: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${podCgroup}`,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${socketPath}`,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile } },
    authorization: { mode: 'Webhook' },
    podLogsDir: `${inside}/pod-logs`,
    volumePluginDir: `${inside}/volume-plugins`,
    // The machine's own name servers mean nothing to Pods, and its file may lie under the hidden /run.
    resolvConf: '',
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
    nodeStatusUpdateFrequency: '4s',
    nodeLeaseDurationSeconds: 20,
  };
}
