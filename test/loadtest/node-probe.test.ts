import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseGroups, parsePeriods } from '../../src/loadtest/control-group.ts';
import {
  coresAllowed,
  coresOfQuota,
  listenersIn,
  parseStat,
  pidListeningOn,
  readLimits,
  readProcess,
} from '../../src/loadtest/node-probe-system.ts';
import { NodeProbe, type NodeReading, readingOf, windowOf } from '../../src/loadtest/node-probe.ts';

const page = (cpu: number, packets: number): string => `
# TYPE livekit_room_total gauge
livekit_room_total{node_id="ND_1",node_type="SERVER"} 3
livekit_participant_total{node_id="ND_1",node_type="SERVER"} 30
livekit_track_published_total{kind="AUDIO",node_id="ND_1"} 30
livekit_track_published_total{kind="VIDEO",node_id="ND_1"} 28
livekit_track_subscribed_total{kind="VIDEO",node_id="ND_1"} 270
livekit_packet_total{country="",direction="incoming",node_id="ND_1",transmission="initial"} ${packets}
livekit_packet_total{country="",direction="outgoing",node_id="ND_1",transmission="initial"} ${packets * 9}
livekit_packet_total{country="",direction="outgoing",node_id="ND_1",transmission="retransmit"} 5
livekit_packet_bytes{country="",direction="outgoing",node_id="ND_1",transmission="initial"} ${packets * 900}
livekit_forward_latency_ns_sum{node_id="ND_1"} ${packets * 2_000_000}
livekit_forward_latency_ns_count{node_id="ND_1"} ${packets}
process_cpu_seconds_total ${cpu}
process_resident_memory_bytes 1e+08
`;

const at = (atMs: number, cpu: number, packets: number): NodeReading => ({
  ...readingOf(page(cpu, packets)),
  atMs,
});
const surroundings = { pid: undefined, limitCores: 2, limitBytes: 8e9, foreignRooms: 0 };

describe('a page of metrics', () => {
  test('is summed by direction over all other labels', () => {
    expect(readingOf(page(7, 100))).toMatchObject({
      nodeId: 'ND_1',
      cpuSeconds: 7,
      packetsIn: 100,
      packetsOut: 905,
      bytesIn: 0,
      bytesOut: 90_000,
      rooms: 3,
      participants: 30,
      publishedTracks: 58,
      subscribedTracks: 270,
    });
  });

  test.each([
    ['an empty page', ''],
    ['a page of something else', 'process_cpu_seconds_total 7\n'],
  ])('is not taken for that of an idle node when it is %s', (_, text) => {
    expect(() => readingOf(text)).toThrow('no page of a media server');
  });
});

describe('a window of a node', () => {
  test('is the difference of two looks', () => {
    expect(windowOf([at(1000, 10, 1000), at(11_000, 15, 6000)], surroundings)).toMatchObject({
      seconds: 10,
      cpuCores: 0.5,
      limitCores: 2,
      packetsIn: 5000,
      packetsOut: 45_000,
      bytesOut: 4_500_000,
      forwardLatencyMeanMs: 2,
      memoryBytes: 1e8,
      nodeId: 'ND_1',
    });
  });

  test.each([
    ['the server does not measure it', 0, undefined],
    ['it measures it', 500, 2],
  ])('has a forwarding latency when %s', (_, packets, expected) => {
    const window = windowOf([at(0, 0, 0), at(1000, 1, packets)], surroundings);
    expect(window).toMatchObject({ forwardLatencyMeanMs: expected });
  });

  test('without the control group of the server says nothing of throttling', () => {
    expect(windowOf([at(0, 0, 0), at(1000, 1, 1)], surroundings)).toMatchObject({
      throttledShare: undefined,
    });
  });

  test.each([
    ['without a quota nothing is throttled', undefined, undefined, 0],
    ['every third period', { all: 10, throttled: 0 }, { all: 40, throttled: 10 }, 1 / 3],
    ['no period has passed', { all: 10, throttled: 5 }, { all: 10, throttled: 5 }, 0],
  ])('tells the share of throttled periods: %s', (_, before, after, share) => {
    const window = windowOf(
      [
        { ...at(0, 0, 0), periods: before },
        { ...at(1000, 1, 1), periods: after },
      ],
      { ...surroundings, pid: 7 },
    );
    expect(window).toMatchObject({ throttledShare: share });
  });

  test('is none where the node does not tell its processor time', () => {
    const blind = { ...at(0, 0, 0), cpuSeconds: undefined };
    expect(windowOf([blind, at(1000, 1, 1)], surroundings)).toEqual({
      why: expect.stringContaining('processor'),
    });
  });
});

describe('looking at a node', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  const serving = async (text: string, status = 200): Promise<string> => {
    const started = createServer((_, answer) => answer.writeHead(status).end(text));
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', () => resolve()));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}/metrics`;
  };
  const look = async (metricsUrl: string, pid?: number): Promise<unknown> => {
    const probe = new NodeProbe({ metricsUrl, pid, limitCores: 1, limitBytes: undefined });
    const reading = await probe.read(() => 42);
    await probe.close();
    return reading;
  };

  test('gives a reading with its time', async () => {
    expect(await look(await serving(page(7, 100)))).toMatchObject({ atMs: 42, cpuSeconds: 7 });
  });

  test('takes what the operating system says of its process before what it says itself', async () => {
    const reading = await look(await serving(page(1_000_000, 100)), process.pid);
    expect(reading).toMatchObject({ cpuSeconds: expect.any(Number), memoryBytes: expect.any(Number) });
    expect(reading).not.toMatchObject({ cpuSeconds: 1_000_000 });
  });

  test('gives the login that the port asks for', async () => {
    const heard: (string | undefined)[] = [];
    const started = createServer((question, answer) => {
      heard.push(question.headers.authorization);
      answer.end(page(7, 100));
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', () => resolve()));
    const metricsUrl = `http://127.0.0.1:${(started.address() as AddressInfo).port}/metrics`;
    const metricsLogin = { username: 'ana', password: 'secret' };
    const probe = new NodeProbe({
      metricsUrl,
      metricsLogin,
      pid: undefined,
      limitCores: 1,
      limitBytes: undefined,
    });
    expect(await probe.read(() => 42)).toMatchObject({ atMs: 42 });
    await probe.close();
    expect(heard).toEqual([`Basic ${Buffer.from('ana:secret').toString('base64')}`]);
  });

  test.each([
    ['refuses', page(7, 1), 503, 'it answered HTTP 503'],
    ['says something else', 'hello', 200, 'no page of a media server'],
  ])('that %s gives the reason instead', async (_, text, status, why) => {
    expect(await look(await serving(text, status))).toEqual({ why: expect.stringContaining(why) });
  });

  test('that is not there gives the reason instead', async () => {
    expect(await look('http://127.0.0.1:1/metrics')).toEqual({
      why: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('finds its process by the port it listens on', async () => {
    const { port } = new URL(await serving(''));
    expect(await pidListeningOn(Number(port))).toBe(process.pid);
    expect(await pidListeningOn(1)).toBeUndefined();
  });
});

describe('what the operating system says', () => {
  test('of this process makes sense', async () => {
    expect(await readProcess(process.pid)).toMatchObject({ cpuSeconds: expect.any(Number) });
    expect(await readProcess(2 ** 30)).toBeUndefined();
    const limits = await readLimits(process.pid);
    expect(limits.cores).toBeGreaterThan(0);
    expect(limits.memoryBytes).toBeGreaterThan(1e6);
  });

  test('of processor and memory is read behind a name that holds anything', () => {
    const fields = Array.from({ length: 49 }, () => '0');
    [fields[11], fields[12], fields[21]] = ['150', '50', '1000'];
    expect(parseStat(`7 (a ) b) S ${fields.slice(1).join(' ')}`)).toEqual({
      cpuSeconds: 2,
      memoryBytes: 4_096_000,
    });
    expect(parseStat('')).toBeUndefined();
  });

  test.each([
    ['a list', 'Cpus_allowed_list:\t0-3,8\n', 5],
    ['one', 'Cpus_allowed_list:\t1\n', 1],
    ['nothing', 'Name: x\n', undefined],
  ])('of allowed cores: %s', (_, text, expected) => {
    expect(coresAllowed(text)).toBe(expected);
  });

  test.each([
    ['35000 100000', 0.35],
    ['max 100000', undefined],
    ['-1 100000', undefined],
    ['', undefined],
  ])('of a quota: "%s"', (text, expected) => {
    expect(coresOfQuota(text)).toBe(expected);
  });

  test('of periods', () => {
    expect(parsePeriods('nr_periods 10\nnr_throttled 3\nthrottled_time 7\n')).toEqual({
      all: 10,
      throttled: 3,
    });
    expect(parsePeriods('usage_usec 1\n')).toBeUndefined();
  });

  test.each([
    [
      'version 1',
      '5:memory:/m\n3:cpu,cpuacct:/c/d\n0::/\n',
      { cpu: '/sys/fs/cgroup/cpu/c/d', memory: '/sys/fs/cgroup/memory/m' },
    ],
    [
      'version 2',
      '0::/kubepods/pod1\n',
      { cpu: '/sys/fs/cgroup/kubepods/pod1', memory: '/sys/fs/cgroup/kubepods/pod1' },
    ],
  ])('of control groups of %s', (_, text, expected) => {
    expect(parseGroups(text)).toEqual(expected);
  });

  test('of sockets that listen', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1EC8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0',
      '   1: 0100007F:1EC8 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0',
    ].join('\n');
    expect(listenersIn(table, 0x1ec8)).toEqual(['4711']);
    expect(listenersIn(table, 80)).toEqual([]);
  });
});
