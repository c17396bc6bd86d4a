/** Recording a trace from a real Redis, with a login that may only read. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { encodeRoom } from '../../lab/livekit-encode.ts';
import { runCli, type RunOptions } from '../cli/run-cli.ts';

jest.setTimeout(60_000);

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-record-'));
const password = 'only-reads';
let redis: LocalRedis;
let writer: Redis;

beforeAll(async () => {
  redis = await startRedis();
  writer = new Redis(`redis://${redis.address}`);
  const rules = [
    'on',
    `>${password}`,
    '~*',
    '-@all',
    '+@read',
    '+auth',
    '+select',
    '+info',
    '+client|setname',
  ];
  await writer.acl('SETUSER', 'reader', ...rules);
});
afterAll(async () => {
  writer.disconnect();
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
});

const createdAtSeconds = Math.floor(Date.now() / 1000) - 5;

async function putRoom(name: string, participants: number): Promise<void> {
  await writer.hset('rooms', name, encodeRoom({ name, participants, createdAtSeconds }));
  await writer.hset('room_node_map', name, 'ND_a');
}

async function record(file: string, args: readonly string[], options: RunOptions = {}) {
  const url = `redis://reader@${redis.address}`;
  const common = ['trace', 'record', '--redis-url', url, '--out', path.join(dir, file), '--every', '100ms'];
  return await runCli([...common, ...args], { ...options, env: { OVM_REDIS_PASSWORD: password } });
}

function rowsOf(file: string): readonly (readonly string[])[] {
  const lines = readFileSync(path.join(dir, file), 'utf8').trimEnd().split('\n').slice(1);
  return lines.map((line) => line.split(','));
}

test('rooms are recorded at their largest, with hashed names, until the time is over', async () => {
  await putRoom('board', 3);
  const recording = record('for.csv', ['--for', '3s', '-o', 'json'], {
    onErr: (text) => {
      if (text.includes('recording')) void putRoom('board', 7).then(async () => await putRoom('sales', 2));
    },
  });

  const { code, stdout } = await recording;

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ file: path.join(dir, 'for.csv'), rooms: 2 });
  const rows = rowsOf('for.csv');
  expect(new Set(rows.map(([, , participants]) => participants))).toEqual(new Set(['2', '7']));
  for (const row of rows) expect(row[4]).toMatch(/^[0-9a-f]{12}$/);
});

test('Ctrl-C ends a recording with a whole file', async () => {
  await putRoom('board', 4);

  const { code, stderr } = await record('stopped.csv', ['--names', 'clear'], {
    onErr: (text, kill) => {
      if (text.includes('recording')) setTimeout(() => kill('SIGINT'), 1500);
    },
  });

  expect(code).toBe(130);
  expect(stderr).toMatch(/^recording to \S+stopped\.csv until Ctrl-C, \d rooms at the start\n$/);
  expect(rowsOf('stopped.csv').map((row) => row[4])).toContain('board');
  expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([]);
  const inspected = await runCli(['trace', 'inspect', path.join(dir, 'stopped.csv'), '-o', 'json']);
  expect(inspected.code).toBe(0);
});
