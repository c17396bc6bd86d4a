/** The client with which all parts ask the server API for rooms. */
import { RoomServiceClient } from 'livekit-server-sdk';

export interface RoomServiceTarget {
  /** `http://…` or `ws://…` of any server: each one answers for all. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Opens no connection yet. Each request ends within the time, with a `TimeoutError`. */
export function roomService(target: RoomServiceTarget, timeoutMs: number): RoomServiceClient {
  return new RoomServiceClient(target.url, target.apiKey, target.apiSecret, {
    requestTimeout: timeoutMs / 1000,
    // Other regions exist in LiveKit's cloud only.
    failover: false,
  });
}
