import { describe, expect, test } from '@jest/globals';
import { silentLog } from '../../src/base/log.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { runAsLeader, type Term } from '../../src/kube/lease.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import { FakeApi, type Weather } from './fake-api.ts';
import { FakeRuntime, settle } from './fake-runtime.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/ns/leases/lock';

/** Candidates for one lease, each with its own link to the API server, all in one time. */
class Arena {
  readonly runtime = new FakeRuntime();
  readonly api = new FakeApi();
  readonly log: string[] = [];
  readonly terms = new Map<string, Term>();
  readonly weather = new Map<string, Weather>();
  readonly warned: { readonly msg: string; readonly fields: unknown }[] = [];

  enter(identity: string, endsAfterMs = 0): { stop: () => void; done: Promise<unknown> } {
    const stop = new AbortController();
    const link = (): Weather => this.weather.get(identity) ?? 'fine';
    const options = {
      client: new KubeClient(this.api.http(this.runtime, link)),
      namespace: 'ns',
      name: 'lock',
      identity,
      signal: stop.signal,
      log: { ...silentLog, warn: (msg: string, fields?: unknown) => void this.warned.push({ msg, fields }) },
    };
    const done = runAsLeader(options, async (signal, term) => {
      this.terms.set(identity, term);
      this.#say(`${identity} leads`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      this.#say(`${identity} is told to end`);
      if (endsAfterMs > 0)
        await new Promise<void>((resolve) => void this.runtime.after(endsAfterMs, resolve));
    }).catch((error: unknown) => error);
    return { stop: () => stop.abort(), done };
  }

  holder(): unknown {
    const spec = this.api.object(path)?.['spec'];
    return typeof spec === 'object' && spec !== null && 'holderIdentity' in spec ? spec.holderIdentity : '';
  }

  #say(what: string): void {
    this.log.push(`${what} at ${Math.round(this.runtime.clock.elapsedMs() / 1000)} s`);
  }
}

describe('leader election', () => {
  test('leads at once when there is no lease, and keeps it for as long as it can renew', async () => {
    const arena = new Arena();
    arena.enter('a');
    arena.enter('b');

    await arena.runtime.advance(600_000);

    expect(arena.log).toEqual(['a leads at 0 s']);
    expect(arena.holder()).toBe('a');
  });

  test('says at once and once that it lacks the right to the lease, with the remedy', async () => {
    const arena = new Arena();
    arena.weather.set('a', 'refusing');
    arena.enter('a');
    await settle();
    const told = {
      msg: 'lease forbidden',
      fields: {
        lease: 'ns/lock',
        why: expect.any(String),
        remedy: expect.stringContaining('Role and RoleBinding lock-leader'),
      },
    };
    expect(arena.warned).toEqual([told]);
    await arena.runtime.advance(60_000);
    expect(arena.warned).toHaveLength(1);

    arena.weather.set('a', 'fine');
    await arena.runtime.advance(3_000);
    expect(arena.log).toHaveLength(1);
    arena.weather.set('a', 'refusing');
    await arena.runtime.advance(5_000);
    expect(arena.warned.filter(({ msg }) => msg === 'lease forbidden')).toHaveLength(2);
  });

  test('takes over a dead leader only after the full duration on its own clock', async () => {
    const arena = new Arena();
    arena.enter('a');
    await arena.runtime.advance(30_000);
    arena.weather.set('a', 'frozen');
    arena.enter('b');
    await arena.runtime.advance(60_000);

    expect(arena.log[0]).toBe('a leads at 0 s');
    expect(arena.log[1]).toMatch(/^a is told to end at (39|40) s$/);
    expect(arena.log[2]).toMatch(/^b leads at 4[5-8] s$/);
  });

  test.each(['frozen', 'refusing'] as const)(
    'ends its term at the deadline when the API server is %s',
    async (weather) => {
      const arena = new Arena();
      const a = arena.enter('a');
      await settle();
      arena.weather.set('a', weather);
      await arena.runtime.advance(9_900);
      expect(arena.terms.get('a')?.isHeld()).toBe(true);

      await arena.runtime.advance(200);

      expect(arena.terms.get('a')?.signal.aborted).toBe(true);
      await expect(a.done).resolves.toMatchObject({ name: 'LeaseLostError' });
    },
  );

  test('knows right after a freeze of the process that it no longer leads', async () => {
    const arena = new Arena();
    arena.enter('a');
    await arena.runtime.advance(5_000);

    arena.runtime.freeze(20_000);

    expect(arena.terms.get('a')?.signal.aborted).toBe(false);
    expect(arena.terms.get('a')?.isHeld()).toBe(false);
  });

  test('knows after the sleep of its machine, which its own clock did not count', async () => {
    const arena = new Arena();
    arena.enter('a');
    await arena.runtime.advance(5_000);

    arena.runtime.jump(20_000);
    expect(arena.terms.get('a')?.isHeld()).toBe(false);
    await arena.runtime.advance(2_000);

    // The next renewal tells that nobody came between: the clock had only been set.
    expect(arena.terms.get('a')?.isHeld()).toBe(true);
    arena.runtime.jump(-60_000);
    expect(arena.terms.get('a')?.isHeld()).toBe(true);
  });

  test('may write while its work ends after a stop, and no more once the lease is let go', async () => {
    const arena = new Arena();
    const a = arena.enter('a', 5_000);
    await settle();
    a.stop();
    await arena.runtime.advance(4_000);
    expect(arena.terms.get('a')?.isHeld()).toBe(true);

    await arena.runtime.advance(2_000);

    expect(arena.holder()).toBe('');
    expect(arena.terms.get('a')?.isHeld()).toBe(false);
  });

  test('goes on leading when its renewal was applied but never answered', async () => {
    const arena = new Arena();
    arena.enter('a');
    await arena.runtime.advance(3_000);
    arena.weather.set('a', 'applied-late');
    await arena.runtime.advance(4_000);
    arena.weather.set('a', 'fine');

    await arena.runtime.advance(60_000);

    expect(arena.log).toEqual(['a leads at 0 s']);
  });

  test('ends its term when somebody else holds the lease', async () => {
    const arena = new Arena();
    const a = arena.enter('a');
    await settle();
    const client = new KubeClient(arena.api.http(arena.runtime));
    const lease = arena.api.object(path);
    await client.http.request({ method: 'PUT', path, body: { ...lease, spec: { holderIdentity: 'thief' } } });

    await arena.runtime.advance(2_000);

    await expect(a.done).resolves.toMatchObject({ name: 'LeaseLostError', message: 'held by thief' });
    expect(arena.holder()).toBe('thief');
  });

  test('renews while its work ends after a stop, then lets the lease go', async () => {
    const arena = new Arena();
    const a = arena.enter('a', 40_000);
    await settle();
    arena.enter('b');
    await arena.runtime.advance(10_000);
    a.stop();
    await arena.runtime.advance(39_000);
    expect(arena.holder()).toBe('a');

    await arena.runtime.advance(4_000);

    await expect(a.done).resolves.toBeUndefined();
    expect(arena.log.at(-1)).toMatch(/^b leads at 5[0-2] s$/);
  });

  test('leaves no timer behind when it is stopped while following', async () => {
    const arena = new Arena();
    const a = arena.enter('a');
    await settle();
    const b = arena.enter('b');
    await arena.runtime.advance(5_000);
    b.stop();
    a.stop();
    await Promise.all([a.done, b.done]);

    expect(arena.runtime.pendingTimers).toBe(0);
    expect(arena.log.filter((line) => line.startsWith('b'))).toEqual([]);
    expect(arena.holder()).toBe('');
  });

  test('refuses times that could make two leaders', async () => {
    const { signal } = new AbortController();
    const client = new KubeClient(new FakeApi().http(new FakeRuntime()));
    const options = { client, namespace: 'ns', name: 'lock', identity: 'a', signal, leaseMs: 10_000 };

    await expect(runAsLeader(options, () => Promise.resolve())).rejects.toBeInstanceOf(RangeError);
  });

  test('writes times with the six decimals that the API server wants', () => {
    expect(microTime(Date.UTC(2026, 0, 2, 3, 4, 5, 67))).toBe('2026-01-02T03:04:05.067000Z');
  });
});
