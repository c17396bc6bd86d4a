import { describe, expect, test } from '@jest/globals';
import { HealthMeter } from '../../src/loadtest/generator-health.ts';
import { cpuStatPaths, stealOf, throttlingOf, udpDropsOf } from '../../src/loadtest/generator-system.ts';
import { ManualTime } from './manual-time.ts';

const udp = (...sockets: readonly (readonly [inode: number, drops: number])[]): string =>
  [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            ',
    ...sockets.map(
      ([inode, drops]) =>
        ` 3690: 0100007F:5EBA 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 00000000d84c69d5 ${drops}       `,
    ),
    '',
  ].join('\n');

describe('the counters of the system', () => {
  test('steal is a share of all time, and guests are not counted twice', () => {
    const stat = 'cpu  100 10 50 800 5 1 4 30 60 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
    expect(stealOf(stat)).toEqual({ stealTicks: 30, allTicks: 1000 });
    expect(stealOf(undefined)).toEqual({ stealTicks: 0, allTicks: 0 });
  });

  test('throttled periods are those of the own group', () => {
    expect(throttlingOf('usage_usec 5\nnr_periods 40\nnr_throttled 3\nthrottled_usec 9\n')).toEqual({
      throttledPeriods: 3,
      periods: 40,
    });
    expect(throttlingOf('usage_usec 5\n')).toEqual({ throttledPeriods: 0, periods: 0 });
    expect(cpuStatPaths('0::/kubepods/pod1\n')[0]).toBe('/sys/fs/cgroup/kubepods/pod1/cpu.stat');
    expect(cpuStatPaths('5:cpu,cpuacct:/a\n2:cpuset:/b\n')[0]).toBe('/sys/fs/cgroup/cpu/a/cpu.stat');
    expect(cpuStatPaths(undefined)).toHaveLength(2);
  });

  test('datagrams are lost at sockets of this process only', () => {
    const tables = [udp([11, 3], [12, 100]), udp([13, 4]), undefined];
    expect(udpDropsOf(tables, ['socket:[11]', '/dev/null', 'socket:[13]', 'socket:[99]'])).toBe(7);
  });
});

describe('the health of a generator', () => {
  test('is the difference between two looks', () => {
    const time = new ManualTime();
    let [steal, drops, throttled] = [10, 5, 1];
    const files: Readonly<Record<string, () => string>> = {
      '/proc/stat': () => `cpu 0 0 0 ${100 * steal} 0 0 0 ${steal} 0 0`,
      '/proc/self/cgroup': () => '0::/x',
      '/sys/fs/cgroup/x/cpu.stat': () => `nr_periods ${throttled * 10}\nnr_throttled ${throttled}`,
      '/proc/self/net/udp': () => udp([7, drops]),
    };
    let observe = (_lateMs: number): void => undefined;
    const pacer = {
      onLate: (observer: (lateMs: number) => void) => {
        observe = observer;
        return () => {
          observe = () => undefined;
        };
      },
    };
    const meter = new HealthMeter(time, pacer, {
      read: (path) => files[path]?.(),
      openFiles: () => ['socket:[7]'],
    });
    for (let tick = 1; tick <= 100; tick += 1) observe(tick === 100 ? 80 : 2);
    observe(30);
    time.stall(10_000);
    [steal, drops, throttled] = [20, 8, 3];
    const health = meter.finish();
    expect(health).toMatchObject({ throttledShare: 0.1, udpReceiveErrors: 3 });
    expect(health.stealShare).toBeCloseTo(10 / 1010, 6);
    expect(Math.abs(health.tickLateP99Ms / 30 - 1)).toBeLessThan(0.02);
    expect(health.rssBytes).toBeGreaterThan(10_000_000);
    expect(health.cpuCores).toBeGreaterThanOrEqual(0);
    expect(health.eventLoopUse).toBeGreaterThanOrEqual(0);
  });
});
