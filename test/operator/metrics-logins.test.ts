import { describe, expect, test } from '@jest/globals';
import type { MetricsLogin } from '../../src/manifests/livekit-config.ts';
import { MetricsLogins } from '../../src/operator/metrics-logins.ts';
import { silentLog } from '../../src/base/log.ts';

const metricsAuth = { username: 'ana', passwordSecretRef: { name: 'metrics', key: 'password' } };

function logins(answers: readonly (MetricsLogin | Error | undefined)[]) {
  let nowMs = 0;
  let reads = 0;
  const made = new MetricsLogins({
    clock: { elapsedMs: () => nowMs },
    log: silentLog,
    read: () => {
      const answer = answers[Math.min(reads, answers.length - 1)];
      reads += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return {
    of: () => made.of({ metricsAuth }),
    made,
    wait: (ms: number) => (nowMs += ms),
    reads: () => reads,
  };
}

describe('the logins of metrics ports', () => {
  test('come from the config without a question where no Secret is named', async () => {
    const { made, reads } = logins([]);
    const config = { prometheus: { username: 'x', password: 'y' } };
    expect(await made.of({ config })).toEqual({ username: 'x', password: 'y' });
    expect(await made.of({})).toEqual({});
    expect(reads()).toBe(0);
  });

  test('are read once for all nodes, and again after a minute', async () => {
    const one = { username: 'ana', password: '1' };
    const two = { username: 'ana', password: '2' };
    const { of, wait, reads } = logins([one, two]);
    expect(await Promise.all([of(), of(), of()])).toEqual([one, one, one]);
    wait(59_000);
    expect(await of()).toEqual(one);
    expect(reads()).toBe(1);
    wait(1000);
    expect(await of()).toEqual(two);
  });

  test('stay as they were while the Secret is gone or cannot be read, and are looked for every five seconds', async () => {
    const login = { username: 'ana', password: '1' };
    const { of, wait, reads } = logins([login, undefined, new Error('no API server'), login]);
    await of();
    wait(60_000);
    expect(await of()).toEqual(login);
    wait(4999);
    await of();
    expect(reads()).toBe(2);
    wait(1);
    expect(await of()).toEqual(login);
    expect(reads()).toBe(3);
  });

  test('are none where there was never a Secret', async () => {
    expect(await logins([undefined]).of()).toEqual({});
  });
});
