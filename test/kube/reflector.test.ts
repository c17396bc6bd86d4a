import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import type { ApiError } from '../../src/kube/errors.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { PODS, resourceType } from '../../src/kube/resource.ts';
import type { KubeObject } from '../../src/kube/kinds.ts';
import { fastRuntime } from './fake-runtime.ts';
import { json, ScriptedServer } from './scripted-server.ts';

const THINGS = resourceType<KubeObject>(PODS);

function thing(name: string, resourceVersion: string, uid = `uid-${name}`) {
  return { metadata: { name, namespace: 'n', uid, resourceVersion, managedFields: [{}] } };
}

/** A number is the status of a refused watch. */
type WatchScript = ((response: ServerResponse) => void) | number;
interface Script {
  readonly lists: (readonly [version: string, items: readonly object[]] | number)[];
  readonly watches: WatchScript[];
  /** What is told before a watch goes on; a later one than any unless told. */
  readonly versions?: string[];
}

const send = (response: ServerResponse, type: string, object: object): void => {
  response.write(`${JSON.stringify({ type, object })}\n`);
};
const stayOpen = (response: ServerResponse): void => response.flushHeaders();

/** The status line is sent with the first byte of the answer. */
const neverAnswer = (): void => undefined;

const goneEvent = (response: ServerResponse): void => {
  send(response, 'ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
  response.end();
};

let cleanUp: (() => Promise<void>) | undefined;
afterEach(async () => {
  await cleanUp?.();
});

/** A reflector of a server that answers with the script's lists and watches in turn; the last ones go on. */
async function follow(script: Script, silenceMs = 600_000) {
  const froms: string[] = [];
  const server = await ScriptedServer.start((seen, response) => {
    const { searchParams } = seen.url;
    // Only to learn the version, before a watch goes on.
    if (searchParams.get('limit') === '1') {
      const version = script.versions?.shift() ?? '999999';
      return json(response, 200, { metadata: { resourceVersion: version }, items: [] });
    }
    if (searchParams.get('watch') !== 'true') {
      const list = script.lists.length > 1 ? script.lists.shift() : script.lists[0];
      if (typeof list === 'number' || list === undefined) return json(response, list ?? 500, {});
      return json(response, 200, { metadata: { resourceVersion: list[0] }, items: list[1] });
    }
    froms.push(searchParams.get('resourceVersion') ?? '');
    const watch = script.watches.length > 1 ? script.watches.shift() : script.watches[0];
    if (typeof watch === 'number') return json(response, watch, { reason: 'Expired' });
    response.writeHead(200);
    watch?.(response);
  });
  const seen: string[] = [];
  const failures: string[] = [];
  const thrown: unknown[] = [];
  const rewound: string[] = [];
  const stop = new AbortController();
  const reflector = new Reflector({
    http: server.http({ runtime: fastRuntime(20), onRewound: ({ message }) => rewound.push(message) }),
    type: THINGS,
    silenceMs,
    hooks: {
      onFailure: (error: ApiError) => failures.push(error.code),
      onHandlerError: (error) => thrown.push(error),
    },
  });
  reflector.onChange(({ type, object }) => {
    seen.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
  });
  cleanUp = async () => {
    stop.abort();
    await reflector.done;
    await server.stop();
  };
  const saw = async (count: number): Promise<void> => {
    while (seen.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const watched = async (count: number): Promise<void> => {
    while (froms.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  reflector.start(stop.signal);
  return { reflector, seen, failures, thrown, rewound, froms, saw, watched, server };
}

describe('the reflector', () => {
  test('resumes at the last version, bookmarks included, without a list', async () => {
    const { froms, saw, seen, reflector, server } = await follow({
      lists: [['10', [thing('a', '9')]]],
      watches: [
        (response) => {
          send(response, 'MODIFIED', thing('a', '11'));
          send(response, 'BOOKMARK', { metadata: { resourceVersion: '20' } });
          response.end();
        },
        (response) => send(response, 'ADDED', thing('b', '21')),
      ],
    });
    await saw(3);

    expect(froms).toEqual(['10', '20']);
    expect(seen).toEqual(['added a@9', 'modified a@11', 'added b@21']);
    expect(reflector.version).toBe('21');
    expect(reflector.get('n', 'a')).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'n', uid: 'uid-a', resourceVersion: '11' },
    });
    expect(server.seen.filter(({ url }) => url.searchParams.get('limit') === '500')).toHaveLength(1);
  });

  test.each(['status', 'event'])(
    'lists anew when the history is gone (told by %s) and tells the difference',
    async (how) => {
      const { saw, seen } = await follow({
        lists: [
          ['10', [thing('a', '1'), thing('b', '2'), thing('c', '3'), thing('d', '4')]],
          ['50', [thing('a', '1'), thing('c', '33', 'another'), thing('d', '44')]],
        ],
        watches: [how === 'status' ? 410 : goneEvent, stayOpen],
      });
      await saw(8);

      expect(seen.slice(4)).toEqual(['deleted b@2', 'deleted c@3', 'added c@33', 'modified d@44']);
    },
  );

  test('keeps what it knows while the API server lags behind, and goes on when it has caught up', async () => {
    const { seen, froms, watched, rewound } = await follow({
      lists: [['100', [thing('a', '90')]]],
      watches: [(response) => response.end(), stayOpen],
      versions: ['59', '99', '100'],
    });
    await watched(2);

    expect(seen).toEqual(['added a@90']);
    expect(froms).toEqual(['100', '100']);
    expect(rewound).toEqual([]);
  });

  test('lists anew when the API server keeps an older state, and says so', async () => {
    const { saw, seen, froms, watched, rewound } = await follow({
      lists: [
        ['100', [thing('a', '90'), thing('b', '95')]],
        ['60', [thing('a', '50')]],
      ],
      watches: [(response) => response.end(), stayOpen],
      versions: Array.from({ length: 30 }, () => '59'),
    });
    await saw(4);
    await watched(2);

    expect(seen.slice(2)).toEqual(['deleted b@95', 'modified a@50']);
    expect(froms).toEqual(['100', '60']);
    expect(rewound).toHaveLength(1);
  });

  test('lists anew some time after a watch broke', async () => {
    const { saw, seen, server } = await follow({
      lists: [
        ['100', [thing('a', '90')]],
        ['200', [thing('a', '150')]],
      ],
      watches: [
        (response) => {
          response.flushHeaders();
          response.destroy();
        },
        (response) => setTimeout(() => response.end(), 100),
        stayOpen,
      ],
    });
    await saw(2);

    expect(seen).toEqual(['added a@90', 'modified a@150']);
    const seconds = server.seen.map(({ url }) => Number(url.searchParams.get('timeoutSeconds') ?? 0));
    const watches = seconds.filter((value) => value > 0);
    expect(watches[0]).toBeGreaterThanOrEqual(300);
    expect(watches[1]).toBeLessThanOrEqual(60);
  });

  test('is not fooled by an older object that arrives late, nor by a late delete of a namesake', async () => {
    const { saw, seen, reflector } = await follow({
      lists: [['10', [thing('a', '9')]]],
      watches: [
        (response) => {
          send(response, 'MODIFIED', thing('a', '8'));
          send(response, 'ADDED', thing('a', '12', 'second'));
          send(response, 'DELETED', thing('a', '11', 'uid-a'));
          send(response, 'ADDED', thing('z', '13'));
        },
      ],
    });
    await saw(4);

    expect(seen).toEqual(['added a@9', 'deleted a@9', 'added a@12', 'added z@13']);
    expect(reflector.get('n', 'a')?.metadata.uid).toBe('second');
  });

  test('goes on when a handler throws', async () => {
    const { saw, thrown, reflector, seen } = await follow({
      lists: [['10', []]],
      watches: [
        (response) => {
          send(response, 'ADDED', thing('a', '11'));
          send(response, 'ADDED', thing('b', '12'));
        },
      ],
    });
    reflector.onChange(({ object }) => {
      if (object.metadata.name === 'a') throw new Error('handler');
    });
    await saw(2);

    expect(seen).toEqual(['added a@11', 'added b@12']);
    expect(thrown).toHaveLength(1);
  });

  test('opens a silent watch anew, which is no failure as long as the server answers: there may be nothing to tell', async () => {
    const { froms, watched, failures } = await follow({ lists: [['10', []]], watches: [stayOpen] }, 2_000);
    await watched(4);

    expect(froms.slice(0, 4)).toEqual(['10', '10', '10', '10']);
    expect(failures).toEqual([]);
  });

  test('takes a watch that is not answered for dead and opens another', async () => {
    const { froms, watched, failures } = await follow({ lists: [['10', []]], watches: [neverAnswer] }, 2_000);
    await watched(3);

    expect(froms.slice(0, 3)).toEqual(['10', '10', '10']);
    expect(failures.slice(0, 2)).toEqual(['Timeout', 'Timeout']);
  });

  test('backs off from a server that ends every watch at once, or sends what is no JSON', async () => {
    const { watched, failures } = await follow({
      lists: [['10', []]],
      watches: [(response) => void response.end(), (response) => void response.end('{"no json\n'), stayOpen],
    });
    await watched(3);

    expect(failures).toEqual(['Server', 'Server']);
  });

  test('keeps asking for the first list until it gets one', async () => {
    const { reflector, failures } = await follow({
      lists: [403, 404, ['10', [thing('a', '1')]]],
      watches: [stayOpen],
    });
    expect(reflector.isSynced).toBe(false);

    await reflector.synced;

    expect(failures).toEqual(['Forbidden', 'NotFound']);
    expect(reflector.list('n')).toHaveLength(1);
    expect(reflector.list('elsewhere')).toHaveLength(0);
  });
});
