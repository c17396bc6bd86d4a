import {
  ClientInfo,
  ClientInfo_SDK,
  ConnectionSettings,
  JoinRequest,
  SignalRequest,
  SignalResponse,
  WrappedJoinRequest,
} from '@livekit/protocol';
import { AccessToken, type VideoGrant } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import type { Cancel, Timers } from '../livekit/timers.ts';

/** The keys with which tokens are made. Never in arguments or logs. */
export interface Keys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** What lets one identity into one room. */
export async function makeToken(keys: Keys, room: string, identity: string): Promise<string> {
  return await signed(keys, { identity, ttl: '24h' }, { room });
}

/** What lets somebody look into one room, for a minute: no media either way. */
export async function makeLookToken(keys: Keys, room: string): Promise<string> {
  const grant = { room, canPublish: false, canSubscribe: false };
  return await signed(keys, { identity: `${room}-look`, ttl: 60 }, grant);
}

async function signed(
  keys: Keys,
  options: { readonly identity: string; readonly ttl: string | number },
  grant: Readonly<VideoGrant>,
): Promise<string> {
  const token = new AccessToken(keys.apiKey, keys.apiSecret, options);
  token.addGrant({ ...grant, roomJoin: true });
  return await token.toJwt();
}

/** A request by its name, such as `{ case: 'offer', value: new SessionDescription(…) }`. */
export type Request = Exclude<SignalRequest['message'], { case: undefined }>;
export type Response = SignalResponse['message'];

export interface SignalWish {
  /** `ws://host:port` of the server. */
  readonly url: string;
  readonly token: string;
  /** `/rtc/v1`: one connection for both directions. */
  readonly isSingle: boolean;
  readonly timers: Timers;
  readonly onMessage: (message: Response) => void;
  /** Said once, when the socket is closed by the server or by a fault; `detail` has no secrets. */
  readonly onClosed: (detail: string) => void;
}

const clientVersion = '2.15.0';
const protocolVersion = 16;
const defaultPingSeconds = 5;
/** What a server says of thousands of participants is far below this. */
export const largestSignalBytes = 16 * 1024 * 1024;

/** A message of the server; `undefined` for bytes that are none. Never throws. */
export function readResponse(data: Uint8Array): Response | undefined {
  try {
    return SignalResponse.fromBinary(data).message;
  } catch {
    // Whatever the library makes of it, it is no message.
    return undefined;
  }
}

interface AddressWish extends Pick<SignalWish, 'url' | 'token' | 'isSingle'> {
  /** Whether the server gives all tracks unasked, as by default. */
  readonly autoSubscribe?: boolean;
}

/** The address that a participant opens. It carries the token: never to be logged. */
export function signalAddress({ url, token, isSingle, autoSubscribe = true }: AddressWish): string {
  const base = url.replace(/^http/, 'ws').replace(/\/+$/, '');
  const common = { access_token: token };
  if (isSingle) {
    const joinRequest = new JoinRequest({
      clientInfo: new ClientInfo({
        sdk: ClientInfo_SDK.JS,
        version: clientVersion,
        protocol: protocolVersion,
      }),
      connectionSettings: new ConnectionSettings({ autoSubscribe }),
    });
    const wrapped = Buffer.from(new WrappedJoinRequest({ joinRequest: joinRequest.toBinary() }).toBinary());
    // URL-safe, but padded: the server decodes no other form.
    const words = wrapped.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    return `${base}/rtc/v1?${new URLSearchParams({ ...common, join_request: words }).toString()}`;
  }
  const settings = {
    auto_subscribe: autoSubscribe ? '1' : '0',
    sdk: 'js',
    version: clientVersion,
    protocol: String(protocolVersion),
    adaptive_stream: '0',
  };
  return `${base}/rtc?${new URLSearchParams({ ...common, ...settings }).toString()}`;
}

/** The signalling of one participant. */
export class SignalLink {
  readonly #socket: WebSocket;
  readonly #wish: SignalWish;
  #stopPing: Cancel | undefined;
  #isClosed = false;
  #sent = 0;
  #received = 0;

  constructor(wish: SignalWish) {
    this.#wish = wish;
    this.#socket = new WebSocket(signalAddress(wish), {
      perMessageDeflate: false,
      maxPayload: largestSignalBytes,
    });
    this.#socket.binaryType = 'nodebuffer';
  }

  /** Resolves when the socket is open; rejects never: a socket that cannot be opened is told to `onClosed`. */
  async opened(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.on('open', () => resolve());
    this.#socket.on('message', (data: Buffer) => this.#hear(data));
    this.#socket.on('unexpected-response', (_request, response) => {
      response.resume();
      this.#ended(`the server answered ${response.statusCode ?? 'nothing'}`);
    });
    // The words of the library may contain the address, and with it the token.
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#ended(error.code ?? 'socket error'));
    this.#socket.on('close', (code: number) => this.#ended(`socket closed with ${code}`));
    await promise;
  }

  /** Nothing happens on a closed socket. */
  send(message: Request): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#sent += 1;
    this.#socket.send(new SignalRequest({ message }).toBinary());
  }

  /** `wallMs` gives the time that is echoed. */
  keepAlive(everySeconds: number, wallMs: () => number): void {
    const ms = (everySeconds > 0 ? everySeconds : defaultPingSeconds) * 1000;
    this.#stopPing = this.#wish.timers.every(ms, () =>
      this.send({ case: 'ping', value: BigInt(Math.round(wallMs())) }),
    );
  }

  /** A server counts them among its packets. */
  messages(): { readonly sent: number; readonly received: number } {
    return { sent: this.#sent, received: this.#received };
  }

  /** Closes without a word; `onClosed` is not called. */
  close(): void {
    this.#isClosed = true;
    this.#stopPing?.();
    this.#socket.close();
  }

  #hear(data: Buffer): void {
    this.#received += 1;
    const message = readResponse(data);
    if (message === undefined) this.#ended('the server sent what is no signalling message');
    else this.#wish.onMessage(message);
  }

  #ended(detail: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopPing?.();
    this.#socket.terminate();
    this.#wish.onClosed(detail);
  }
}
