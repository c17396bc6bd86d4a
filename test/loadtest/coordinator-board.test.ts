import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Board, BoardError, openBoard } from '../../src/loadtest/coordinator-board.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('the ConfigMap of a coordinator', () => {
  let credentials = '';
  let server: Server | undefined;
  let board: Board | undefined;
  const asked: Asked[] = [];

  beforeEach(() => {
    credentials = mkdtempSync(join(tmpdir(), 'ov-board-'));
    writeFileSync(join(credentials, 'token'), 'first\n');
    writeFileSync(join(credentials, 'ca.crt'), '');
    asked.length = 0;
  });
  afterEach(async () => {
    await board?.close();
    server?.close();
    rmSync(credentials, { recursive: true, force: true });
  });

  const open = async (status: number, answer: unknown): Promise<Board> => {
    const started = createServer((request, response) => {
      void text(request).then((body) => {
        const { method, url, headers } = request;
        asked.push({ method, url, headers, body });
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', () => resolve()));
    const { port } = started.address() as AddressInfo;
    const place = { namespace: 'media', configMap: 'nightly-result', credentials };
    board = await openBoard({ ...place, server: `http://127.0.0.1:${port}` });
    return board;
  };

  test('is patched with only the keys that are posted, bytes in base64', async () => {
    const opened = await open(200, {});
    await opened.post({ data: { summary: 'done' }, binaryData: { 'record.jsonl.gz': Buffer.from('hi') } });
    expect(asked).toMatchObject([
      {
        method: 'PATCH',
        url: '/api/v1/namespaces/media/configmaps/nightly-result',
        headers: { authorization: 'Bearer first', 'content-type': 'application/merge-patch+json' },
      },
    ]);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      data: { summary: 'done' },
      binaryData: { 'record.jsonl.gz': 'aGk=' },
    });
  });

  test('is asked with the token of now: it is renewed while a run lasts', async () => {
    const opened = await open(200, { data: { abort: 'true' } });
    expect(await opened.read()).toEqual({ data: { abort: 'true' }, binaryData: {} });
    writeFileSync(join(credentials, 'token'), 'second\n');
    await opened.read();
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  test('that is refused gives an error without the token', async () => {
    const opened = await open(403, {});
    const failed = opened.post({ data: {} });
    await expect(failed).rejects.toThrow(BoardError);
    await expect(failed).rejects.toThrow('HTTP 403 to a PATCH of nightly-result');
  });
});
