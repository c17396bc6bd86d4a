import { encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Clock } from '../base/clock.ts';
import { HealthMeter, timesHistogram } from './generator-health.ts';
import type { Pacer } from './pacer.ts';
import { type PresentGroup, presentGroups } from './present.ts';
import type { TrackCounts } from './receive-track.ts';
import type { Media } from './scenario.ts';
import type { ProbeWindow, RoomWindow, WorkerWindow } from './window.ts';
import type { Probes } from './worker-person.ts';
import { type Crowd, noSums, type RoomSums } from './worker-crowd.ts';

/** What is counted from the end of one window to the end of the next: joins happen between windows. */
export class JoinTally {
  tried = 0;
  failed = 0;
  disconnected = 0;
  readonly failedAt: Record<string, number> = {};
  readonly joinMs: Histogram = timesHistogram();
  readonly firstPacketMs: Histogram = timesHistogram();

  fail(stage: string): void {
    this.failed += 1;
    this.failedAt[stage] = (this.failedAt[stage] ?? 0) + 1;
  }
}

export interface WindowParts {
  readonly worker: number;
  readonly media: Media;
  readonly clock: Clock;
  readonly pacer: Pick<Pacer, 'onLate'>;
  readonly crowd: Crowd;
  readonly probes?: Pick<Probes, 'watchCost'> | undefined;
}

/** A track has what was sent if it got this much of the numbers it saw, and if its media went on until the end. */
const deliveredShare = 0.995;
const mostBehindMs = 1000;
const mostBehindShare = 0.2;
/** Anything else was stamped by a clock that is not the shared one. */
const longestLatencyMs = 60_000;
/** Whoever joined this long before a window was known to everybody in the room when it began. */
const knownAfterMs = 2000;
/** Clocks of different machines agree to about this. */
const clockErrorMs = 5;

/** One window from its beginning to its end. */
export class OpenWindow {
  readonly #parts: WindowParts;
  readonly #startedMs: number;
  readonly #health: HealthMeter;
  readonly #sums: ReadonlyMap<string, RoomSums>;
  readonly #tracks: ReadonlyMap<string, TrackCounts>;
  readonly #latencyUs = timesHistogram();
  readonly #byRoom = new Map<string, Histogram>();
  readonly #probeCost: (() => Promise<WorkerWindow['probeCost']>) | undefined;

  constructor(parts: WindowParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.elapsedMs();
    this.#sums = parts.crowd.sums();
    this.#tracks = tracksOf(parts.crowd);
    this.#health = new HealthMeter(parts.clock, parts.pacer);
    this.#probeCost = parts.probes?.watchCost();
    for (const { probe } of parts.crowd.people()) void probe?.open();
  }

  /** A frame has arrived, so long after it was sent. */
  frame(room: string, latencyMs: number): void {
    if (!(latencyMs > -clockErrorMs && latencyMs < longestLatencyMs)) return;
    const us = Math.max(0, Math.round(latencyMs * 1000));
    this.#latencyUs.recordValue(us);
    let histogram = this.#byRoom.get(room);
    if (histogram === undefined) this.#byRoom.set(room, (histogram = timesHistogram()));
    histogram.recordValue(us);
  }

  /** Ends the window. */
  async finish(joins: JoinTally): Promise<WorkerWindow> {
    const { crowd, worker } = this.#parts;
    const health = this.#health.finish();
    const rooms = this.#roomDifferences();
    const total = noSums();
    for (const sums of rooms.values())
      for (const name of Object.keys(total) as (keyof RoomSums)[]) total[name] += sums[name];
    return {
      worker,
      people: { connected: crowd.connected, expected: crowd.expected },
      joins: {
        tried: joins.tried,
        failed: joins.failed,
        failedAt: joins.failedAt,
        disconnected: joins.disconnected,
      },
      tracks: this.#countTracks(),
      present: this.#present(),
      packets: {
        sent: total.sentPackets,
        intended: total.intended,
        received: total.received,
        expected: total.received + total.lost,
        lost: total.lost,
        nacks: total.nacks,
        plis: total.plis,
      },
      bytes: { sent: total.sentBytes, received: total.bytes },
      frameLatencyUs: encodeIntoCompressedBase64(this.#latencyUs),
      joinMs: encodeIntoCompressedBase64(joins.joinMs),
      firstPacketMs: encodeIntoCompressedBase64(joins.firstPacketMs),
      rooms: [...rooms].map(([room, sums]) => this.#roomWindow(room, sums)),
      health,
      ...(await this.#ofProbes()),
    };
  }

  #roomDifferences(): ReadonlyMap<string, RoomSums> {
    const rooms = new Map<string, RoomSums>();
    for (const [room, sums] of this.#parts.crowd.sums()) {
      const before = this.#sums.get(room) ?? noSums();
      const difference = noSums();
      for (const name of Object.keys(sums) as (keyof RoomSums)[])
        difference[name] = sums[name] - before[name];
      if (difference.received > 0 || difference.lost > 0 || difference.sentPackets > 0)
        rooms.set(room, difference);
    }
    return rooms;
  }

  #roomWindow(room: string, { received, lost }: RoomSums): RoomWindow {
    const latency = this.#byRoom.get(room);
    return {
      room,
      frames: latency?.totalCount ?? 0,
      frameLatencyP95Ms: latency === undefined ? 0 : latency.getValueAtPercentile(95) / 1000,
      expected: received + lost,
      lost,
    };
  }

  /** Tracks that came while the window was open are not judged: they had no whole window. */
  #countTracks(): WorkerWindow['tracks'] {
    const lastedMs = this.#parts.clock.elapsedMs() - this.#startedMs;
    let [published, expected, delivered] = [0, 0, 0];
    for (const { seat } of this.#parts.crowd.people()) {
      if (!seat.isConnected) continue;
      published += seat.publishedTracks();
    }
    for (const { key, announcedMs, counts } of expectedOf(this.#parts.crowd)) {
      if (announcedMs > this.#startedMs) continue;
      expected += 1;
      if (counts !== undefined && isDelivered(this.#tracks.get(key), counts, lastedMs)) delivered += 1;
    }
    return { published, expected, delivered };
  }

  #present(): readonly PresentGroup[] {
    const latestMs = this.#startedMs - knownAfterMs;
    const present = this.#parts.crowd.people().flatMap(({ plan, seat, probe, joinedAtMs = Infinity }) => {
      return seat.isConnected && joinedAtMs <= latestMs ? [{ plan, decodes: probe !== undefined }] : [];
    });
    return presentGroups(present, this.#parts.media);
  }

  async #ofProbes(): Promise<Pick<WorkerWindow, 'probes' | 'probeCost'>> {
    const [probes, probeCost] = await Promise.all([this.#probes(), this.#probeCost?.()]);
    return { probes, ...(probeCost === undefined ? {} : { probeCost }) };
  }

  async #probes(): Promise<readonly ProbeWindow[]> {
    const probes = this.#parts.crowd.people().flatMap(({ probe }) => (probe === undefined ? [] : [probe]));
    const windows = await Promise.all(probes.map(async (probe) => await probe.window()));
    return windows.flatMap((window) => (window === undefined ? [] : [window]));
  }
}

interface Expected {
  readonly key: string;
  readonly announcedMs: number;
  readonly counts: TrackCounts | undefined;
}

function expectedOf(crowd: Crowd): readonly Expected[] {
  return crowd
    .people()
    .filter(({ seat }) => seat.isConnected)
    .flatMap(({ plan, seat }) =>
      seat.expectedTracks().map(({ sid, announcedMs, counts }) => ({
        key: `${plan.identity}/${sid}`,
        announcedMs,
        counts,
      })),
    );
}

function tracksOf(crowd: Crowd): ReadonlyMap<string, TrackCounts> {
  return new Map(
    expectedOf(crowd).flatMap(({ key, counts }) => (counts === undefined ? [] : [[key, counts] as const])),
  );
}

/** A track that was not there when the window began, but was announced, is judged over the time since. */
function isDelivered(before: TrackCounts | undefined, after: TrackCounts, lastedMs: number): boolean {
  const received = after.received - (before?.received ?? 0);
  const lost = after.lost - (before?.lost ?? 0);
  const wentOnMs = after.mediaMs - (before?.mediaMs ?? 0);
  const enoughMs = lastedMs - Math.max(mostBehindMs, lastedMs * mostBehindShare);
  return received > 0 && received >= deliveredShare * (received + lost) && wentOnMs >= enoughMs;
}
