import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { createLog, type LogLevel } from '../../src/telemetry/log.ts';

const clock = { wallMs: () => Date.parse('2026-03-01T12:00:00.250Z'), elapsedMs: () => 0 };

function recorded(level: LogLevel = 'info') {
  const stream = new PassThrough();
  const log = createLog({ level, clock, stream });
  const lines = (): readonly unknown[] => {
    const text = String(stream.read() ?? '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
  };
  return { log, lines };
}

const fieldsOf = (fields: Readonly<Record<string, unknown>>, level: LogLevel = 'info'): unknown => {
  const { log, lines } = recorded(level);
  log.error('happened', fields);
  return lines()[0];
};

test('a line is JSON with time, level and message, then its fields', () => {
  const { log, lines } = recorded();

  log.child({ cluster: 'rooms/live' }).child({ pass: 7 }).info('decided', { desired: 3 });

  expect(lines()).toEqual([
    {
      time: '2026-03-01T12:00:00.250Z',
      level: 'info',
      msg: 'decided',
      cluster: 'rooms/live',
      pass: 7,
      desired: 3,
    },
  ]);
});

test.each<[LogLevel, readonly string[]]>([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
])('level %s lets through %j', (level, expected) => {
  const { log, lines } = recorded(level);

  for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each](each);

  expect(lines().map((line) => (line as { msg: string }).msg)).toEqual(expected);
});

describe('secrets', () => {
  test.each([
    'password',
    'redisPassword',
    'PASSWORD',
    'apiSecret',
    'token',
    'accessToken',
    'apiKey',
    'api_key',
    'api-key',
    'Authorization',
    'credentials',
    'privateKey',
  ])('under the key %s never appear', (key) => {
    const value = 'hunter2';

    const line = JSON.stringify(
      fieldsOf({ [key]: value, nested: { list: [{ [key]: value }] }, map: new Map([[key, value]]) }),
    );

    expect(line).toContain('[removed]');
    expect(line).not.toContain(value);
  });

  test('are not mistaken for their names, which people need', () => {
    expect(
      fieldsOf({ secretName: 'redis-auth', passwordSecretRef: { name: 'redis-auth', key: 'pw' } }),
    ).toMatchObject({
      secretName: 'redis-auth',
      passwordSecretRef: { name: 'redis-auth', key: 'pw' },
    });
  });

  test('on an error are left out with everything else that hangs on it', () => {
    const error = Object.assign(new Error('refused'), {
      request: { headers: { authorization: 'Bearer x' } },
    });

    expect(fieldsOf({ error })).toHaveProperty('error', { name: 'Error', message: 'refused' });
  });
});

describe('an error', () => {
  const error = Object.assign(new TypeError('no route', { cause: new Error('refused') }), {
    code: 'EHOSTUNREACH',
  });

  test('appears as name, message, code and cause', () => {
    expect(fieldsOf({ error })).toHaveProperty('error', {
      name: 'TypeError',
      message: 'no route',
      code: 'EHOSTUNREACH',
      cause: { name: 'Error', message: 'refused' },
    });
  });

  test('brings its stack only at level debug', () => {
    expect(fieldsOf({ error }, 'debug')).toHaveProperty(
      'error.stack',
      expect.stringContaining('TypeError: no route'),
    );
    expect(fieldsOf({ error }, 'info')).not.toHaveProperty('error.stack');
  });
});

describe('a line is written whatever its fields are', () => {
  const circle: Record<string, unknown> = { name: 'circle' };
  circle['self'] = circle;

  test.each<[string, unknown, unknown]>([
    ['a circle', circle, { name: 'circle', self: '[circle]' }],
    ['no number', NaN, 'NaN'],
    ['a large integer', 12n, '12'],
    ['a function', () => 1, '[function]'],
    ['a set', new Set(['a']), ['a']],
    ['an instant', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['no instant', new Date(NaN), 'no date'],
    ['bytes', Buffer.from('hunter2'), '[7 bytes]'],
    ['nothing', null, null],
    ['a long list', Array.from({ length: 102 }, () => 0), expect.arrayContaining(['[2 more]'])],
  ])('%s', (_, value, expected) => {
    expect(fieldsOf({ value })).toHaveProperty('value', expected);
  });

  test('and no field can take the place of time, level or message', () => {
    expect(fieldsOf({ level: 'info', message: 'other', msg: 'other', time: 'never' })).toEqual({
      time: '2026-03-01T12:00:00.250Z',
      level: 'error',
      msg: 'happened',
    });
  });
});

describe('a log that nobody takes any more', () => {
  test.each(['EPIPE', 'ENOSPC'])('loses its lines and ends nothing: %s', async (code) => {
    const stream = new Writable({
      write: (_line, _encoding, done) => done(Object.assign(new Error('nobody takes it'), { code })),
    });
    const log = createLog({ level: 'info', clock, stream });

    for (const line of ['one', 'another']) {
      log.info(line);
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(stream.destroyed).toBe(true);
  });
});
