/** A wire between an operator and its API server on which what the operator sends can be held up, also beyond its end. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** What the operator has said and nobody has heard. */
  readonly held: Buffer[];
}

export class Wire {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #held = false;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    // Bytes go on when one side has said all that it will.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#open(client));
  }

  /** `url`: that of the API server. */
  static async open(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const wire = new Wire({ host: hostname, port: Number(port) });
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  /** Where the operator is to connect to instead. */
  get url(): string {
    const address = this.#server.address();
    return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** From now on nothing that the operator sends arrives; answers still do. */
  hold(): void {
    this.#held = true;
  }

  /** All of it arrives at once, whether or not anybody waits for the answers. */
  release(): void {
    this.#held = false;
    for (const pair of this.#pairs) this.#forward(pair);
  }

  close(): void {
    this.#server.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  #open(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const pair: Pair = { client, server, held: [] };
    this.#pairs.add(pair);
    client.on('data', (chunk: Buffer) => {
      pair.held.push(chunk);
      this.#forward(pair);
    });
    for (const event of ['end', 'close'] as const) {
      client.on(event, () => {
        // An API server that hears of the end gives up what was asked last; here that is to be carried out.
        if (!this.#held) server.end();
      });
    }
    server.on('data', (chunk: Buffer) => {
      if (client.writable) client.write(chunk);
    });
    server.on('end', () => client.end());
    server.on('close', () => this.#pairs.delete(pair));
    // A side that is gone, such as a killed operator, is no fault of the wire.
    for (const socket of [client, server]) socket.on('error', () => undefined);
  }

  #forward({ server, held }: Pair): void {
    if (this.#held) return;
    for (const chunk of held.splice(0)) server.write(chunk);
  }
}
