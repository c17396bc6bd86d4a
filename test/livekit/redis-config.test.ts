import { describe, expect, test } from '@jest/globals';
import { Coalescer } from '../../src/livekit/coalesce.ts';
import { hostPort, hostPorts } from '../../src/livekit/redis-config.ts';
import { codeOf, nameOf, whyOf } from '../../src/livekit/why.ts';
import { ManualTime } from './fakes.ts';

describe('a Redis address', () => {
  test.each([
    ['redis:6379', 'redis', 6379],
    ['10.0.0.1:7000', '10.0.0.1', 7000],
    ['[fd00::1]:6379', 'fd00::1', 6379],
    ['a.b-c.svc.cluster.local:1', 'a.b-c.svc.cluster.local', 1],
  ])('%s is understood', (address, host, port) => {
    expect(hostPort(address)).toEqual({ host, port });
  });

  test.each([
    'redis',
    'redis:',
    ':6379',
    'redis:0',
    'redis:65536',
    'fd00::1:6379',
    'redis://x:1',
    'u:p@h:1',
    '',
  ])('%j is refused without being repeated', (address) => {
    expect(() => hostPort(address)).toThrow('a Redis address must look like host:port');
  });

  test('a list needs at least one', () => {
    expect(() => hostPorts([])).toThrow('at least one');
  });
});

describe('a coalescer', () => {
  test('calls at once, and makes one call of all that come within the gap', () => {
    const time = new ManualTime();
    const calledAtMs: number[] = [];
    const coalescer = new Coalescer(time, 3, () => void calledAtMs.push(time.elapsedMs()));
    for (let n = 0; n < 5; n++) coalescer.call();
    time.pass(10);
    coalescer.call();
    coalescer.call();
    coalescer.stop();
    time.pass(10);
    expect(calledAtMs).toEqual([0, 3, 10]);
    expect(time.pending()).toBe(0);
  });
});

describe('what an error says', () => {
  test('is found by its shape', () => {
    const wrapped = new TypeError('fetch failed', {
      cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    });
    expect([whyOf(wrapped), nameOf(wrapped), codeOf(wrapped)]).toEqual([
      'fetch failed',
      'TypeError',
      'ECONNRESET',
    ]);
    expect([whyOf('text'), nameOf(undefined), codeOf(null)]).toEqual(['unknown error', '', undefined]);
  });
});
