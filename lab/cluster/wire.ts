import type { Socket } from 'node:net';
import type { ClusterInfo } from './names.ts';

/** What a client asks of a cluster's supervisor. */
export type Order =
  /** Fails when the supervisor was started by someone else. */
  | { readonly op: 'greet'; readonly token: string }
  /** Answered when the start is over. */
  | { readonly op: 'awaitReady' }
  | {
      readonly op: 'start';
      readonly token: string;
      /** The cluster ends when this connection ends. */
      readonly owned: boolean;
      readonly name: string;
      readonly nodes: number;
      readonly store: string;
    }
  | { readonly op: 'info' }
  | { readonly op: 'act'; readonly act: Act }
  | { readonly op: 'stop' };

/** What can be done to a running cluster. */
export type Act =
  | { readonly kind: 'addKubeNode' }
  | { readonly kind: 'killKubeNode'; readonly node: string }
  | { readonly kind: 'stopRedis'; readonly keepData: boolean }
  | { readonly kind: 'startRedis' }
  | { readonly kind: 'pauseApiServer' }
  | { readonly kind: 'resumeApiServer' };

export interface Request {
  readonly id: number;
  readonly order: Order;
}

/** `ready` is false while the cluster starts. */
export interface State {
  readonly ready: boolean;
  readonly info: ClusterInfo;
}

export type Reply =
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'done'; readonly id: number; readonly state: State }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

export function send(socket: Socket, message: Request | Reply): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls back with each message, one JSON value on a line. */
export function onMessages<T>(socket: Socket, handle: (message: T) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) handle(JSON.parse(line) as T);
  });
}
