/**
 * What a worker shows when it dials: that it has the keys of the media server, which coordinator and workers are given
 * from one Secret anyway. The keys themselves do not go over the wire.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from './signal.ts';

const scheme = 'Bearer ';

/** The value of the header `authorization`. */
export function workerPass({ apiKey, apiSecret }: Keys): string {
  const word = `openvidu-media-operator load test worker ${apiKey}`;
  return `${scheme}${createHmac('sha256', apiSecret).update(word).digest('base64url')}`;
}

/** Whether somebody with the same keys has written that header. Takes as long for a wrong one as for the right one. */
export function isWorkerPass(shown: string | undefined, keys: Keys): boolean {
  const [is, should] = [Buffer.from(shown ?? ''), Buffer.from(workerPass(keys))];
  return is.length === should.length && timingSafeEqual(is, should);
}
