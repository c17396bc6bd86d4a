/** The sample of an OpenVidu Elastic deployment as it stands, but for what is closed source or a larger machine's. */
import '../../lab/quiet.ts';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Document, parseAllDocuments } from 'yaml';
import { setBusy, standIn } from '../../lab/companion.ts';
import type { Fleet } from '../../lab/fleet.ts';
import { Guests } from '../../lab/guests.ts';
import { images } from '../../lab/image.ts';
import { Stage } from '../../lab/stage.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const patientMs = 120_000;
const sample = new URL('../../docs/samples/openvidu-elastic.yaml', import.meta.url);
const label = 'openvidu.io/media-node';
const password = 'change-me';
/** Where each companion tells what it does; the egress has two such pages. */
const askedAt = { egress: [9091, 9101], ingress: [9102], 'agent-speech-processing': [8081] } as const;

let stage: Stage;
let fleet: Fleet;
let guests: Guests;

beforeAll(async () => {
  stage = await Stage.open({ name: 'elastic', machines: 3, images: ['livekit', 'operator'] });
  const { cluster } = stage;
  const [host, port] = [cluster.gatewayIp, cluster.redisPort];
  const admin = new Redis({ host, port });
  await admin.config('SET', 'requirepass', password);
  admin.disconnect();
  for (const { name } of cluster.nodes) {
    await cluster.kubectl(['label', 'node', name, `${label}=true`]);
    await cluster.kubectl(['taint', 'node', name, `${label}=true:NoSchedule`]);
  }
  // The key of the API is there already.
  const written = parseAllDocuments(await readFile(sample, 'utf8')).filter(
    (document) => document.getIn(['metadata', 'name']) !== 'openvidu-api',
  );
  for (const document of written) adapt(document, `${host}:${port}`);
  const manifest = (): string => written.map(String).join('');
  fleet = await stage.openManifest({ name: 'openvidu', redis: { host, port, password }, least: 2, manifest });
  guests = new Guests({ key: fleet.key, url: fleet.front.wsUrl, hosts: 1 });
}, firstBuildMs);

afterAll(async () => {
  guests?.close();
  await stage?.close();
}, patientMs);

/** Addresses and images of this cluster, no processors that it does not have, and LiveKit's own server. */
function adapt(document: Document, redisAddress: string): void {
  if (document.get('kind') !== 'OpenViduCluster') return;
  const nodes = ['spec', 'mediaNodes'];
  document.setIn(['spec', 'redis', 'standalone', 'address'], redisAddress);
  document.deleteIn(['spec', 'server', 'url']);
  document.setIn(['spec', 'autoscaling', 'mode'], 'Enforce');
  document.setIn([...nodes, 'max'], 3);
  // Keys that only OpenVidu's server knows, and an address that would be asked for on the internet.
  document.deleteIn([...nodes, 'config', 'openvidu']);
  document.setIn([...nodes, 'config', 'rtc', 'use_external_ip'], false);
  const changes = [
    { image: images.livekit, imagePullPolicy: 'Never' },
    standIn('egress', askedAt.egress),
    standIn('ingress', askedAt.ingress),
    standIn('agent', askedAt['agent-speech-processing']),
  ];
  for (const [at, change] of changes.entries()) {
    const container = [...nodes, 'template', 'spec', 'containers', at];
    document.deleteIn([...container, 'resources']);
    for (const [field, value] of Object.entries(change)) document.setIn([...container, field], value);
  }
}

function podOf(node: string) {
  return fleet.pods().find(({ metadata }) => metadata.name === node);
}

function deleteAsked(uid: string): boolean {
  return fleet.lives().some((life) => life.uid === uid && life.deleteAskedAtMs !== undefined);
}

describe('the sample for OpenVidu Elastic', () => {
  test(
    'runs on the network of its machines, one node on each',
    async () => {
      const pods = fleet.pods();
      expect(pods).toHaveLength(2);
      expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(2);
      for (const { status } of pods) expect(stage.cluster.nodes.map(({ ip }) => ip)).toContain(status?.podIP);
      await guests.join('lesson', 'teacher', 'audio');
      await guests.join('lesson', 'pupil');
      expect(fleet.condition('PlacementGoverned').status).toBe('True');
      expect(fleet.status?.serverVersion).toBe('1.13.5');
    },
    patientMs,
  );

  test(
    'lets a node go when its room, recording, stream and agent have ended, and names them all',
    async () => {
      const going = (await fleet.hostOf('lesson')) ?? '';
      const pod = podOf(going);
      const [uid = '', ip = ''] = [pod?.metadata.uid, pod?.status?.podIP];
      const companions = Object.entries(askedAt);
      for (const [, [port]] of companions) await setBusy(ip, port, true);
      await fleet.kubectl(['annotate', 'pod', going, 'openvidu.io/drain=new machine']);
      const reason = (): string | undefined => fleet.node(going)?.reason;
      await fleet.until({ what: 'its replacement', timeoutMs: 60_000 }, () => fleet.status?.readyNodes === 3);
      await guests.leave('lesson');
      // The room stands for 20 s more, as OpenVidu has it.
      const word = { what: 'a word on its companions', timeoutMs: 60_000 };
      for (const [name, [port]] of companions) {
        await fleet.until(word, () => reason() === 'CompanionBusy');
        expect({ name, deleteAsked: deleteAsked(uid) }).toEqual({ name, deleteAsked: false });
        await setBusy(ip, port, false);
      }
      await fleet.until({ what: `the end of ${going}`, timeoutMs: 60_000 }, () => deleteAsked(uid));
      const receipt = (await fleet.receipts()).find((one) => one.uid === uid);
      expect(receipt).toMatchObject({ companions: Object.keys(askedAt) });
      expect(guests.tally().cut).toEqual([]);
    },
    patientMs,
  );
});
