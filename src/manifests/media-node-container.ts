/** The container that runs the media server: what it lacks is filled in, what the user says stays. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { isJsonObject, type JsonObject } from '../base/json-object.ts';
import { valueAt } from './deep-merge.ts';
import { defaultRtcTcpPort, defaultRtcUdpPort, usesPortRange } from './livekit-config.ts';
import { LIVEKIT_CONFIG_KEY } from './livekit-secret.ts';
import { mediaContainerIndex } from './media-container.ts';
import { redisTlsVolume } from './redis-tls.ts';

type Spec = OpenViduCluster['spec'];
type MediaNodes = Pick<Spec['mediaNodes'], 'template' | 'config' | 'signalPort' | 'metricsPort'>;
type Container = MediaNodes['template']['spec']['containers'][number];

/** Name of the container port for signalling and the server API. */
export const SIGNAL_PORT_NAME = 'signal';

/** Whether the media container has its signalling port under that name: a template may list the port under another. */
export function hasSignalPort(mediaNodes: Pick<MediaNodes, 'template' | 'signalPort'>): boolean {
  const { containers } = mediaNodes.template.spec;
  const theirs = objectsOf(containers[mediaContainerIndex(containers)]?.['ports']);
  const ours = { name: SIGNAL_PORT_NAME, containerPort: mediaNodes.signalPort };
  const listed = theirs.find((port) => samePort(port, ours));
  return listed === undefined || (sameName(listed, ours) && listed['containerPort'] === ours.containerPort);
}

/** The media container, complete. `configSecret` names the Secret with its configuration. */
export function mediaContainer(
  source: { readonly redis: Spec['redis']; readonly mediaNodes: MediaNodes },
  container: Container,
  configSecret: string,
): { readonly name: string } & JsonObject {
  const { signalPort } = source.mediaNodes;
  const tls = redisTlsVolume(source.redis);
  return {
    readinessProbe: readinessProbe(signalPort),
    livenessProbe: livenessProbe(signalPort),
    ...container,
    env: withAbsent(
      objectsOf(container['env']),
      environment(source.mediaNodes, container, configSecret),
      sameName,
    ),
    ports: withAbsent(objectsOf(container['ports']), ports(source), samePort),
    ...(tls === undefined ? {} : { volumeMounts: [...objectsOf(container['volumeMounts']), tls.mount] }),
  };
}

/** Ready within seconds, because capacity that is not seen is launched twice. */
function readinessProbe(signalPort: number): JsonObject {
  return {
    httpGet: { path: '/', port: signalPort },
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 3,
  };
}

/** Only asks whether the process lives: over HTTP an outage of Redis would restart the whole fleet. */
function livenessProbe(signalPort: number): JsonObject {
  return { tcpSocket: { port: signalPort }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 };
}

function environment(
  mediaNodes: MediaNodes,
  container: Container,
  configSecret: string,
): readonly JsonObject[] {
  const hostNetwork = mediaNodes.template.spec['hostNetwork'] === true;
  const fixedIp = valueAt(mediaNodes.config, 'rtc', 'node_ip') !== undefined;
  const ownAddress = field(hostNetwork ? 'status.hostIP' : 'status.podIP');
  const secret = { name: configSecret, key: LIVEKIT_CONFIG_KEY };
  return [
    // The variable would win over the file, so a value in the user's config keeps it out.
    ...(fixedIp ? [] : [{ name: 'NODE_IP', valueFrom: ownAddress }]),
    ...(container.name === 'openvidu'
      ? [{ name: 'LIVEKIT_OPENVIDU_NODE_PRIVATE_IP', valueFrom: ownAddress }]
      : []),
    ...(namesConfig(container) ? [] : [{ name: 'LIVEKIT_CONFIG', valueFrom: { secretKeyRef: secret } }]),
  ];
}

function field(fieldPath: string): JsonObject {
  return { fieldRef: { fieldPath } };
}

/** A flag may stand alone or within the text that a shell runs. */
const configFlag = /(?:^|\s)--config(?:-body)?(?:[=\s]|$)/;

function namesConfig(container: Container): boolean {
  const words = [container['command'], container['args']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  return words.some((word) => typeof word === 'string' && configFlag.test(word));
}

function ports({ mediaNodes }: { readonly mediaNodes: MediaNodes }): readonly JsonObject[] {
  const { config, signalPort, metricsPort } = mediaNodes;
  const tcpPort = valueAt(config, 'rtc', 'tcp_port') ?? defaultRtcTcpPort;
  const udpPort =
    valueAt(config, 'rtc', 'udp_port') ?? (usesPortRange(config) ? undefined : defaultRtcUdpPort);
  const wanted = [
    { name: SIGNAL_PORT_NAME, containerPort: signalPort, protocol: 'TCP' },
    { name: 'rtc-tcp', containerPort: tcpPort, protocol: 'TCP' },
    { name: 'rtc-udp', containerPort: udpPort, protocol: 'UDP' },
    { name: 'metrics', containerPort: metricsPort, protocol: 'TCP' },
  ];
  // A range, or 0 for "off", cannot be listed: a container port is one number.
  return wanted.filter(({ containerPort }) => typeof containerPort === 'number' && containerPort > 0);
}

type Same = (a: JsonObject, b: JsonObject) => boolean;

const sameName: Same = (a, b) => a['name'] === b['name'];

const samePort: Same = (a, b) =>
  sameName(a, b) ||
  (a['containerPort'] === b['containerPort'] && (a['protocol'] ?? 'TCP') === (b['protocol'] ?? 'TCP'));

function withAbsent(
  theirs: readonly JsonObject[],
  ours: readonly JsonObject[],
  same: Same,
): readonly JsonObject[] {
  return [...theirs, ...ours.filter((our) => !theirs.some((their) => same(their, our)))];
}

function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
