import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { systemClock } from '../../src/base/clock.ts';
import type { CompanionSource } from '../../src/livekit/companion-words.ts';
import { parseMetrics } from '../../src/livekit/metrics-text.ts';
import { MetricsReader, readNode } from '../../src/livekit/node-metrics.ts';

const node = (id: string): string =>
  [
    '# HELP livekit_room_total rooms',
    `livekit_room_total{node_id="${id}",node_type="SERVER"} 3`,
    `livekit_participant_total{node_id="${id}",node_type="SERVER"} 12`,
    `livekit_psrpc_stream_count{node_id="${id}",role="client",service="Signal",method="RelaySignal"} 4`,
    `livekit_psrpc_stream_count{node_id="${id}",role="server",service="Signal",method="RelaySignal"} 9`,
    'process_cpu_seconds_total 1.5e+01',
    '',
  ].join('\n');

describe('the text of metrics', () => {
  test.each([
    ['a 1', [['a', {}, 1]]],
    ['a{} 1', [['a', {}, 1]]],
    ['a{x="1",y="2"} -1.5e3 1700000000', [['a', { x: '1', y: '2' }, -1500]]],
    ['a{x="1",} 2', [['a', { x: '1' }, 2]]],
    [String.raw`a{x="q\"uo\\te\n"} 2`, [['a', { x: 'q"uo\\te\n' }, 2]]],
    ['a{x="}, y="} 2', [['a', { x: '}, y=' }, 2]]],
    ['a{x="1"y="2"} 2', []],
    [
      'a +Inf\nb -Inf\r\nc NaN',
      [
        ['a', {}, Infinity],
        ['b', {}, -Infinity],
        ['c', {}, Number.NaN],
      ],
    ],
    ['a', []],
    ['a{x="1" 2', []],
    ['a 0x10', []],
    ['a 1 2 3', []],
    ['{x="1"} 2', []],
    [`a{x="${'y'.repeat(20_000)}"} 1\nb 2`, [['b', {}, 2]]],
    ['', []],
  ])('%j', (text, samples) => {
    const read = [...parseMetrics(text)].map(({ name, labels, value }) => [
      name,
      Object.fromEntries(labels),
      value,
    ]);
    expect(read).toEqual(samples);
  });

  test('never makes the parser throw', () => {
    const pieces = fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '1', '\n', '#', 'é');
    const texts = fc.array(pieces).map((list) => list.join(''));
    fc.assert(fc.property(texts, (text) => expect(() => [...parseMetrics(text)]).not.toThrow()));
  });
});

describe('what a node says of itself', () => {
  test('is its id, its counts and the signalling it carries for others', () => {
    expect(readNode(node('ND_a'))).toEqual({
      nodeId: 'ND_a',
      participants: 12,
      rooms: 3,
      relayedSignals: 4,
      quality: undefined,
    });
  });

  test.each([
    ['without participants', node('ND_a').replace(/livekit_participant_total.*\n/, ''), 'participants'],
    ['without rooms', node('ND_a').replace(/livekit_room_total\{.*\n/, ''), 'rooms'],
    ['that is not a number', node('ND_a').replace('} 12', '} NaN'), 'participants'],
    ['below nothing', node('ND_a').replace('} 12', '} -1'), 'participants'],
    ['without an id', node(''), 'no node id'],
    ['of two nodes at once', node('ND_a') + node('ND_b'), 'more than one'],
    ['that is a web page', '<html>hello</html>', 'no node id'],
  ])('is not believed %s', (_, text, why) => {
    expect(() => readNode(text)).toThrow(why);
  });
});

describe('asking a node', () => {
  const servers: Server[] = [];
  const readers: MetricsReader[] = [];

  afterEach(async () => {
    await Promise.all(readers.splice(0).map(async (reader) => await reader.close()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function serve(
    status: number,
    body: string,
    login?: string,
    onLogin?: (login: string | undefined) => void,
  ): Promise<number> {
    const server = createServer((request, answer) => {
      onLogin?.(request.headers.authorization);
      const allowed = login === undefined || request.headers.authorization === login;
      answer.writeHead(allowed ? status : 401).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  function reader(): MetricsReader {
    const made = new MetricsReader(systemClock);
    readers.push(made);
    return made;
  }

  const host = '127.0.0.1';
  const at = (port: number): CompanionSource => ({ port, path: '/metrics', word: { kind: 'EgressMetrics' } });

  test('asks the companions too, and an unreachable one is unknown', async () => {
    const port = await serve(200, node('ND_a'));
    const egress = await serve(200, 'livekit_egress_available 1\n');
    const companions = [
      { name: 'egress', sources: [at(egress)] },
      { name: 'ingress', sources: [at(1)] },
      { name: 'mute', sources: [] },
    ];
    expect(await reader().read({ host, port, companions })).toMatchObject({
      kind: 'Read',
      nodeId: 'ND_a',
      participants: 12,
      companions: [
        { name: 'egress', active: 0 },
        { name: 'ingress', active: undefined },
        { name: 'mute', active: undefined },
      ],
    });
  });

  test('hears the companions although the media server has ended', async () => {
    const egress = await serve(200, 'livekit_egress_available 0\nlivekit_egress_requests{type="web"} 2\n');
    const companions = [{ name: 'egress', sources: [at(egress)] }];
    expect(await reader().read({ host, port: 1, companions })).toMatchObject({
      kind: 'Failed',
      companions: [{ name: 'egress', active: 2 }],
    });
  });

  test('believes work that one page of a companion shows, whatever another says', async () => {
    const port = await serve(200, node('ND_a'));
    const metrics = await serve(200, 'livekit_egress_available 1\n');
    const health = await serve(200, '{"CpuLoad":3.5,"EG_a":{}}');
    const status = { port: health, path: '/', word: { kind: 'EgressStatus' } } as const;
    const companions = [{ name: 'egress', sources: [at(metrics), status] }];
    expect(await reader().read({ host, port, companions })).toMatchObject({
      companions: [{ name: 'egress', active: 1 }],
    });
  });

  test('keeps the login of the media server from its companions', async () => {
    const port = await serve(200, node('ND_a'), `Basic ${Buffer.from('me:secret').toString('base64')}`);
    let seen: string | undefined = 'nothing';
    const egress = await serve(200, 'livekit_egress_available 1\n', undefined, (login) => (seen = login));
    const companions = [{ name: 'egress', sources: [at(egress)] }];
    await reader().read({ host, port, username: 'me', password: 'secret', companions });
    expect(seen).toBeUndefined();
  });

  test('logs in when told how', async () => {
    const port = await serve(200, node('ND_a'), `Basic ${Buffer.from('me:secret').toString('base64')}`);
    expect(await reader().read({ host, port, username: 'me', password: 'secret' })).toMatchObject({
      kind: 'Read',
    });
    expect(await reader().read({ host, port })).toMatchObject({
      kind: 'Failed',
      why: 'metrics: it answered HTTP 401',
    });
  });

  test.each([
    ['an error', 500, node('ND_a'), 'HTTP 500'],
    ['more than it may', 200, `${node('ND_a')}${'# padding\n'.repeat(450_000)}`, 'larger than'],
    ['something else', 200, 'hello', 'no node id'],
  ])('fails with its reason when the port answers %s', async (_, status, body, why) => {
    const reading = await reader().read({ host, port: await serve(status, body) });
    expect(reading.kind === 'Failed' && reading.why).toContain(why);
  });

  test('fails when nobody answers', async () => {
    expect(await reader().read({ host, port: 1 })).toMatchObject({
      kind: 'Failed',
      why: 'metrics: ECONNREFUSED',
    });
  });
});
