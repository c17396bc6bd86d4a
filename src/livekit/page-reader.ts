/** Fetches small pages from ports of Pods. Connections are short-lived: Pods come and go. */
import { Agent, request } from 'undici';
import { readAnswer } from './answer-limit.ts';

export interface PageAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** No page takes longer than this. */
export const pageTimeoutMs = 2000;
const largestAnswerBytes = 4 * 1024 * 1024;

/** The port answered, but not with a page that can be read. */
export class PageError extends Error {
  override readonly name = 'PageError';
}

export class PageReader {
  readonly #agent = new Agent({
    connect: { timeout: pageTimeoutMs },
    keepAliveTimeout: 5000,
    pipelining: 1,
  });

  /** The text of a page, limited to 2 s and 4 MiB. @throws PageError, AnswerTooLargeError, or what the connection failed with. */
  async read({ host, port, path, username, password }: PageAddress): Promise<string> {
    const name = host.includes(':') ? `[${host}]` : host;
    const headers: Record<string, string> = { accept: 'text/plain, application/json' };
    if (username !== undefined) {
      const login = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
      headers['authorization'] = `Basic ${login}`;
    }
    const { statusCode, body } = await request(`http://${name}:${port}${path}`, {
      dispatcher: this.#agent,
      headers,
      signal: AbortSignal.timeout(pageTimeoutMs),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new PageError(`it answered HTTP ${statusCode}`);
    }
    return await readAnswer(body, largestAnswerBytes);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
