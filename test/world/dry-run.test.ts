/** A trial beside a Deployment that an HPA owns, and the words of the command line, on a whole cluster. */
import '../../lab/quiet.ts';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dispose } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { readAudit } from '../../lab/audit.ts';
import { type Cluster, startCluster } from '../../lab/cluster/cluster.ts';
import { until } from '../../lab/exec.ts';
import { Fleet } from '../../lab/fleet.ts';
import { sampleManifest } from '../../lab/fleet-spec.ts';
import { foreignLabels, foreignManifest, trialManifest } from '../../lab/foreign-fleet.ts';
import { Front } from '../../lab/front.ts';
import { installOperator, operatorNamespace } from '../../lab/operator.ts';
import { Participants } from '../../lab/participants.ts';
import { type Ran, runCli } from '../cli/run-cli.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const patientMs = 90_000;
const namespace = 'trial';
const deployment = 'sfu-livekit-server';

let cluster: Cluster;
/** The Deployment's own people and the OpenViduCluster that watches it. */
let watched: Fleet;
let front: Front;
let callers: Participants;
/** A fleet of the operator's own beside it. */
let calls: Fleet;
let guests: Participants;
let spy: RedisSpy;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, name: 'trial', images: 'all' });
  spy = await RedisSpy.open(cluster.gatewayIp, cluster.redisPort);
  await installOperator(cluster, namespace);
  [watched, calls] = await Promise.all([openFleet('watched'), openFleet('calls')]);
  await Promise.all([startDeployment(), startCalls()]);
}, firstBuildMs);

afterAll(async () => {
  // A participant whose server was killed may not answer any more.
  await Promise.race([
    Promise.all([callers?.close(), guests?.close()]),
    sleep(10_000, undefined, { ref: false }),
  ]);
  await front?.stop();
  await Promise.all([watched?.close(), calls?.close()]);
  spy?.close();
  await cluster?.stop();
  await dispose();
}, patientMs);

async function openFleet(name: string): Promise<Fleet> {
  return await Fleet.open({ cluster, namespace, name });
}

async function startDeployment(): Promise<void> {
  const redisAddress = `${cluster.gatewayIp}:${cluster.redisPort}`;
  const { key, secretName } = watched;
  const foreign = { name: deployment, redisAddress, key, replicas: 2, graceSeconds: 5 };
  await watched.kubectl(['apply', '-f', '-'], foreignManifest(foreign));
  await watched.kubectl(['rollout', 'status', `deployment/${deployment}`, '--timeout=60s']);
  front = await Front.start({ client: watched.client, namespace, service: deployment });
  await until({ what: 'both servers', timeoutMs: 20_000 }, () => front.endpoints().length === 2);
  callers = new Participants(key);
  const trial = {
    name: 'watched',
    secretName,
    redisAddress,
    watched: foreignLabels(deployment),
    capacity: 10,
  };
  await watched.kubectl(['apply', '--validate=strict', '-f', '-'], trialManifest(trial));
}

async function startCalls(): Promise<void> {
  const manifest = sampleManifest({
    name: 'calls',
    secretName: calls.secretName,
    redisAddress: `${cluster.gatewayIp}:${cluster.redisPort}`,
    redisDb: 1,
    min: 2,
    max: 3,
    capacity: 10,
    headroomSlots: 1,
    scaleDownSeconds: 3,
  });
  await calls.kubectl(['apply', '--validate=strict', '-f', '-'], manifest);
  guests = new Participants(calls.key);
}

/** As MONITOR tells it: time, database, address, and the command with what follows it. */
const told = /^\+[\d.]+ \[(?<database>\d+) (?<from>\S+)\] "(?<command>[^"]*)"/;

/**
 * Everything that connections into the first database of Redis said, by the address they came from. Over a socket of its own:
 * the client library loses its place when commands are told in the same moment as it begins to listen.
 */
class RedisSpy {
  readonly #socket: Socket;
  readonly #said: { readonly from: string; readonly command: string }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const { database, from = '', command = '' } = told.exec(line)?.groups ?? {};
      if (database === '0') this.#said.push({ from, command: command.toLowerCase() });
    });
  }

  static async open(host: string, port: number): Promise<RedisSpy> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    const spy = new RedisSpy(socket);
    socket.write('MONITOR\r\n');
    return spy;
  }

  /** The names of all commands that came from that host, each once. */
  commandsFrom(host: string): readonly string[] {
    const heard = this.#said.filter(({ from }) => from.startsWith(`${host}:`)).map(({ command }) => command);
    return [...new Set(heard)].toSorted();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Writes of the operator in the namespace, such as `create pods calls-media-0`. */
async function operatorWrites(): Promise<readonly string[]> {
  const lines = await readAudit(cluster.auditLog);
  const writes = lines.filter(
    ({ objectRef, user }) =>
      objectRef?.namespace === namespace &&
      user?.username?.startsWith(`system:serviceaccount:${operatorNamespace}:`) === true,
  );
  const told = writes.map(({ verb, objectRef = {} }) => {
    const { resource, subresource, name } = objectRef;
    return [verb, subresource === undefined ? resource : `${resource}/${subresource}`, name].join(' ');
  });
  return [...new Set(told)].toSorted();
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly podIP: string };
  }[];
}

async function operatorPods(): Promise<PodList['items']> {
  const selector = ['-l', 'app.kubernetes.io/component=operator'];
  const text = await cluster.kubectl(['-n', operatorNamespace, 'get', 'pods', ...selector, '-o', 'json']);
  return (JSON.parse(text) as PodList).items;
}

/** What a gauge of the trial shows at the operator that leads; `undefined` before there is one. */
async function gauge(name: string, of: 'shadow' | 'actual'): Promise<number | undefined> {
  const labels = `cluster="watched",fleet="${of}"`;
  const line = new RegExp(`^openvidu_operator_${name}\\{[^}]*${labels}[^}]*\\} (\\S+)$`, 'm');
  for (const { metadata } of await operatorPods()) {
    const path = `/api/v1/namespaces/${operatorNamespace}/pods/${metadata.name}:8080/proxy/metrics`;
    const value = line.exec(await cluster.kubectl(['get', '--raw', path]))?.[1];
    if (value !== undefined) return Number(value);
  }
  return undefined;
}

async function say(...args: readonly string[]): Promise<Ran> {
  return await runCli(['--kubeconfig', cluster.kubeconfig, '-n', namespace, ...args]);
}

async function sayJson(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await say(...args, '-o', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as unknown;
}

/** A room on that very server, with two people in it. */
async function openRoom(
  people: Participants,
  at: { readonly front: Front; readonly fleet: Fleet; readonly nodeId: string; readonly room: string },
): Promise<void> {
  const { apiKey, apiSecret } = at.fleet.key;
  const rooms = new RoomServiceClient(at.front.url, apiKey, apiSecret);
  await rooms.createRoom({ name: at.room, nodeId: at.nodeId, emptyTimeout: 60 });
  for (const who of ['ann', 'ben']) {
    const identity = `${who}-in-${at.room}`;
    await people.join({ url: at.front.wsUrl, room: at.room, identity, publish: 'audio' });
  }
}

const roomNames = ['patient-4711', 'board-meeting'];

describe('a trial beside a Deployment with an HPA', () => {
  test(
    'counts the fleet that is there and the one that would be',
    async () => {
      await watched.until({ what: 'both servers in the status', timeoutMs: 20_000 }, () => {
        return watched.status?.readyNodes === 2;
      });
      for (const [at, { nodeId = '' }] of watched.nodes().entries()) {
        await openRoom(callers, { front, fleet: watched, nodeId, room: roomNames[at] ?? '' });
      }
      await watched.until({ what: 'rooms in the status', timeoutMs: 20_000 }, () => {
        return watched.status?.rooms === 2 && watched.status.participants === 4;
      });
      expect(watched.nodes().map(({ rooms }) => rooms)).toEqual([1, 1]);
      expect(watched.status?.shadow).toMatchObject({ actualNodes: 2, actualRoomsCut: 0, roomsCut: 0 });
      expect(await gauge('shadow_nodes', 'actual')).toBe(2);
    },
    patientMs,
  );

  test(
    'is explained from the journal of the operator that leads, decided again identically, without names of rooms',
    async () => {
      const explained = await say('explain', '--cluster', 'watched', '--replay');
      const whatIf = await say('what-if', '--cluster', 'watched', '--set', 'autoscaling.headroom.slots=30');
      const json = await sayJson('explain', '--cluster', 'watched', '--last', '2000');

      expect(explained).toMatchObject({ code: 0, stderr: '' });
      expect(explained.stdout).toMatch(/ mode DryRun$/m);
      expect(explained.stdout).toMatch(/1 room, 2 participants\n +Would take (?:no )?new rooms/);
      expect(explained.stdout).toMatch(/^Decided again on \d+ recorded inputs: all identical\.$/m);
      expect(whatIf).toMatchObject({ code: 0, stderr: '' });
      expect(whatIf.stdout).toContain('30 free slots on ready nodes need 4.');
      const all = explained.stdout + whatIf.stdout + JSON.stringify(json) + (await rawJournals());
      expect(roomNames.filter((name) => all.includes(name))).toEqual([]);
    },
    patientMs,
  );

  test(
    'sees the room that is cut when somebody scales the Deployment, and cuts none in the fleet that would be',
    async () => {
      await watched.kubectl(['scale', `deployment/${deployment}`, '--replicas=1']);
      await until({ what: 'the cut', timeoutMs: 30_000, stepMs: 500 }, async () => {
        return (await gauge('shadow_rooms_cut', 'actual')) === 1;
      });
      expect(await gauge('shadow_rooms_cut', 'shadow')).toBe(0);
      expect(await gauge('shadow_nodes', 'actual')).toBe(1);
      // Whoever signals through the other server notices a little later.
      await until({ what: 'two people to be cut', timeoutMs: 30_000 }, () => {
        const hurt = callers.report().filter((one) => one.unexpected.length + one.reconnecting.length > 0);
        return hurt.length >= 2;
      });
    },
    patientMs,
  );
});

describe('the command line on a fleet that the operator runs', () => {
  const name = 'calls-media-1';

  test(
    'cordons a node, which its room does not feel, and comes back when the operator has closed it',
    async () => {
      await calls.until({ what: 'two nodes', timeoutMs: 60_000 }, () => calls.status?.readyNodes === 2);
      await calls.openFront();
      await until({ what: 'endpoints', timeoutMs: 20_000 }, () => calls.front.endpoints().length === 2);
      const nodeId = calls.node(name)?.nodeId ?? '';
      await openRoom(guests, { front: calls.front, fleet: calls, nodeId, room: 'held' });

      const cordoned = await say('cordon', name, '--cluster', 'calls', '--reason', 'new kernel', '--wait');

      expect(cordoned).toEqual({
        code: 0,
        stderr: '',
        stdout: `${name} is cordoned and is closed for new rooms: new kernel\n`,
      });
      expect(calls.node(name)?.state).toBe('Cordoned');
    },
    patientMs,
  );

  test(
    'drains it and waits for its room, however long that lives, and shows the receipt',
    async () => {
      const draining = sayJson('drain', name, '--cluster', 'calls', '--reason', 'old machine', '--wait');
      await calls.until({ what: 'the wish', timeoutMs: 10_000 }, () => {
        return calls.pods().some(({ metadata }) => metadata.annotations?.['openvidu.io/drain'] !== undefined);
      });
      await sleep(5000);
      expect(calls.pods().filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([]);
      await guests.leave('held');

      const drained = await draining;

      const receipt = { node: name, proofs: [expect.anything(), expect.anything()] };
      expect(drained).toMatchObject({ node: name, drained: true, why: 'old machine', receipt });
      const kept = await sayJson('receipts', '--cluster', 'calls', '--since', '10m');
      expect(kept).toMatchObject({ receipts: [receipt], unreadable: [] });
      expect(guests.report().flatMap(({ unexpected }) => unexpected)).toEqual([]);
    },
    patientMs,
  );
});

describe('at the end of the trial', () => {
  test(
    'its status tells of the cut',
    async () => {
      await watched.until({ what: 'the cut in the status', timeoutMs: 20_000 }, () => {
        return watched.status?.shadow?.actualRoomsCut === 1;
      });
      expect(watched.status?.shadow).toMatchObject({ roomsCut: 0, actualNodes: 1, actualLaunches: 0 });
    },
    patientMs,
  );

  test(
    'nothing was written for it but its status, Events and what was learned, and nothing at all to its Redis',
    async () => {
      const writes = await operatorWrites();
      expect(writes).toContain('patch openviduclusters/status watched');
      const others = writes.filter((write) => !ofTheOtherFleet.test(write) && !allowed.test(write));
      expect(others).toEqual([]);
      const commands = (await operatorPods()).flatMap(({ status }) => spy.commandsFrom(status.podIP));
      expect(commands).toContain('hgetall');
      expect(commands.filter((command) => !reading.has(command))).toEqual([]);
    },
    patientMs,
  );
});

const ofTheOtherFleet = / calls(?:-\S+)?$/;
/** What was learned of the rooms is kept in a ConfigMap of the trial's own. */
const allowed =
  /^(?:patch openviduclusters\/status watched|(?:create|patch) (?:events .*|configmaps watched-learned))$/;
const reading: ReadonlySet<string> = new Set([
  'hgetall',
  'hmget',
  'hlen',
  'get',
  'client',
  'info',
  'subscribe',
  'ping',
]);

async function rawJournals(): Promise<string> {
  let text = '';
  for (const { metadata } of await operatorPods()) {
    const path = `/api/v1/namespaces/${operatorNamespace}/pods/${metadata.name}:8080/proxy/journal`;
    text += await cluster
      .kubectl(['get', '--raw', `${path}?cluster=${namespace}/watched`])
      // The replica that does not lead has none.
      .catch(() => '');
  }
  expect(text).toContain('"observed"');
  return text;
}
