import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Agent } from 'undici';
import { KubeHttp, type KubeHttpOptions } from '../../src/kube/http.ts';

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (seen: Seen, response: ServerResponse) => void;

/** A node:http server that answers as the test says, for what a real API server cannot be made to do. */
export class ScriptedServer {
  readonly seen: Seen[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new Set<Socket>();
  readonly #agent = new Agent({ bodyTimeout: 0 });
  #answer: Answer;
  refreshed = 0;

  private constructor(answer: Answer) {
    this.#answer = answer;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(answer: Answer): Promise<ScriptedServer> {
    const server = new ScriptedServer(answer);
    await new Promise<void>((resolve) => void server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  http(options: KubeHttpOptions = {}): KubeHttp {
    const connector = {
      server: this.url,
      namespace: 'default',
      connection: () => Promise.resolve({ dispatcher: this.#agent, headers: { authorization: 'Bearer t' } }),
      refresh: () => {
        this.refreshed += 1;
      },
      close: () => Promise.resolve(),
    };
    return new KubeHttp(connector, options);
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const seen = {
      method: request.method ?? '',
      url: new URL(request.url ?? '/', this.url),
      headers: request.headers,
      body,
    };
    this.seen.push(seen);
    this.#answer(seen, response);
  }
}

/** Sends JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
