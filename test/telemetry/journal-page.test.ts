import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AnswerJournal, JournalQuestion } from '../../src/telemetry/journal-page.ts';
import { startTelemetryServer, type TelemetryServer } from '../../src/telemetry/server.ts';

const servers: TelemetryServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(0)));
});

async function start(journal: AnswerJournal): Promise<string> {
  const metrics = { text: () => Promise.resolve(''), contentType: 'text/plain' };
  const server = await startTelemetryServer({
    port: 0,
    host: '127.0.0.1',
    live: {},
    ready: {},
    metrics,
    journal,
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

const known: AnswerJournal = ({ cluster }) =>
  cluster === 'media/live' ? ['{"journal":1}\n', '{"seq":1}\n'] : undefined;

describe('the journal page', () => {
  test('answers with the lines of the cluster that was asked for', async () => {
    const asked: JournalQuestion[] = [];
    const url = await start((question) => {
      asked.push(question);
      return known(question);
    });

    const answer = await fetch(`${url}/journal?cluster=media/live&last=7`);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await answer.text()).toBe('{"journal":1}\n{"seq":1}\n');
    expect(asked).toEqual([{ cluster: 'media/live', last: 7 }]);
  });

  test('takes a name that was encoded, and all entries where no number is given', async () => {
    const asked: JournalQuestion[] = [];
    const url = await start((question) => {
      asked.push(question);
      return [];
    });

    await fetch(`${url}/journal?cluster=media%2Flive`);

    expect(asked).toEqual([{ cluster: 'media/live', last: 2000 }]);
  });

  test.each<readonly [query: string, status: number, says: RegExp]>([
    ['', 400, /cluster is missing: ask for \/journal\?cluster=namespace\/name/],
    ['?cluster=live', 400, /cluster is missing/],
    ['?cluster=../../etc', 400, /cluster is missing/],
    ['?cluster=media/live&last=0', 400, /last is no whole number from 1 to 2000/],
    ['?cluster=media/live&last=2001', 400, /last is no whole number/],
    ['?cluster=media/live&last=many', 400, /last is no whole number/],
    ['?cluster=media/other', 404, /keeps no journal of media\/other/],
  ])('refuses %p in one sentence', async (query, status, says) => {
    const answer = await fetch(`${await start(known)}/journal${query}`);

    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(says);
  });

  test('gives only the head to HEAD, and takes nothing else', async () => {
    const url = `${await start(known)}/journal?cluster=media/live`;

    const head = await fetch(url, { method: 'HEAD' });
    const post = await fetch(url, { method: 'POST' });

    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(post.status).toBe(405);
  });

  test('makes no line before the reader takes it, and stops when the reader goes', async () => {
    let made = 0;
    const ended = Promise.withResolvers<void>();
    function* endless(): Generator<string> {
      try {
        while (true) {
          made += 1;
          yield `${'x'.repeat(100_000)}\n`;
        }
      } finally {
        ended.resolve();
      }
    }
    const url = new URL(await start(endless));
    const reader = connect(Number(url.port), '127.0.0.1');
    await once(reader, 'connect');
    reader.write('GET /journal?cluster=media/live HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(reader, 'data');
    reader.pause();
    reader.destroy();

    await ended.promise;

    expect(made).toBeLessThan(500);
  });

  test('answers two readers at once and asks a third one to come again', async () => {
    function* endless(): Generator<string> {
      while (true) yield `${'x'.repeat(100_000)}\n`;
    }
    const url = await start(endless);
    const stop = new AbortController();
    const ask = () => fetch(`${url}/journal?cluster=media/live`, { signal: stop.signal });

    const readers = [await ask(), await ask()];
    const third = await ask();

    expect(readers.map(({ status }) => status)).toEqual([200, 200]);
    expect(third.status).toBe(503);
    expect(await third.text()).toMatch(/try again in a moment/);
    stop.abort();
    await Promise.allSettled(readers.map((reader) => reader.text()));
  });

  test('breaks off where the journal itself fails, so that no reader takes a part for the whole', async () => {
    function* failing(): Generator<string> {
      yield '{"journal":1}\n';
      throw new RangeError('a defect');
    }
    const answer = await fetch(`${await start(failing)}/journal?cluster=media/live`);

    await expect(answer.text()).rejects.toThrow(/terminated/);
  });
});
