/**
 * Messages between coordinator and workers, read with care. Whoever reaches the port can send anything, and a worker of
 * another version may mean something else: what is not wholly a message is none, and costs its sender the connection.
 */
import type { FromWorker, ToWorker } from './protocol.ts';
import {
  type Check,
  count,
  fields,
  figure,
  flag,
  isObject,
  list,
  named,
  oneOf,
  optional,
  text,
} from './protocol-check.ts';

/** Of a frame. A window with thousands of rooms has a few megabytes, the steps of a large level as well. */
export const largestMessageBytes = 32 * 1024 * 1024;

export type MessageRead<M> =
  | { readonly kind: 'Message'; readonly message: M }
  /** `why` names the field that is wrong, never its value. */
  | { readonly kind: 'Refused'; readonly why: string };

const name = text(512);
const mostRooms = 50_000;
const mostPeople = 200_000;
/** Compressed and in base64; a usual one has a few hundred characters. */
const histogram = text(1_000_000);

const joinRecord = fields({
  kind: oneOf('join', 'leave', 'failed', 'disconnected'),
  atMs: figure,
  intendedAtMs: figure,
  room: name,
  identity: name,
  tookMs: optional(figure),
  stage: optional(name),
});

const roomWindow = fields({
  room: name,
  frames: count,
  frameLatencyP95Ms: figure,
  expected: figure,
  lost: figure,
});

const presentGroup = fields({
  room: name,
  video: flag,
  audio: flag,
  tiles: figure,
  hears: flag,
  people: count,
  probes: count,
});

const probeWindow = fields({
  identity: name,
  framesDecoded: figure,
  framesExpected: figure,
  freezes: figure,
  freezeSeconds: figure,
  concealedSamples: figure,
  totalSamples: figure,
  seconds: figure,
});

const workerWindow = fields({
  worker: count,
  people: fields({ connected: count, expected: count }),
  joins: fields({ tried: count, failed: count, failedAt: named(count, 100), disconnected: count }),
  tracks: fields({ published: figure, expected: figure, delivered: figure }),
  present: optional(list(presentGroup, mostPeople)),
  packets: fields({
    sent: figure,
    intended: figure,
    received: figure,
    expected: figure,
    lost: figure,
    nacks: figure,
    plis: figure,
  }),
  bytes: fields({ sent: figure, received: figure }),
  frameLatencyUs: histogram,
  joinMs: histogram,
  firstPacketMs: histogram,
  rooms: list(roomWindow, mostRooms),
  probes: list(probeWindow, 1000),
  health: fields({
    cpuCores: figure,
    eventLoopUse: figure,
    tickLateP99Ms: figure,
    stealShare: figure,
    throttledShare: figure,
    udpReceiveErrors: figure,
    rssBytes: figure,
  }),
  probeCost: optional(fields({ cpuCores: figure, packetsReceived: figure })),
});

const fromWorker: Readonly<Record<FromWorker['kind'], Check>> = {
  hello: fields({ index: optional(count), host: name, cpu: name, cores: count, kernel: name, version: name }),
  clock: fields({ sentAtMs: figure, workerMs: figure }),
  changed: fields({ change: count, joined: count, failed: count, left: count }),
  event: fields({ record: joinRecord }),
  window: fields({ window: count, measured: workerWindow }),
  live: fields({ connected: count, packetsPerSecondReceived: figure, tickLateP99Ms: figure, failed: count }),
  ended: fields({}),
};

const step = fields({
  kind: oneOf('Join', 'Leave'),
  atMs: figure,
  identity: optional(name),
  person: optional(
    fields({ identity: name, room: name, role: name, sendsVideo: flag, sendsAudio: flag, probe: flag }),
  ),
});

const toWorker: Readonly<Record<ToWorker['kind'], Check>> = {
  settings: fields({
    worker: count,
    settings: fields({
      runId: name,
      url: text(2048),
      media: fields({}),
      singleConnection: flag,
      nodeId: optional(name),
      seed: figure,
      faults: list(fields({ kind: name }), 100),
    }),
  }),
  clock: fields({ sentAtMs: figure, offsetMs: optional(figure) }),
  change: fields({
    change: count,
    startAtMs: figure,
    rooms: list(fields({ index: count, name, shape: name }), mostRooms),
    steps: list(step, mostPeople),
  }),
  measure: fields({ window: count, fromMs: figure, toMs: figure }),
  end: fields({}),
};

/** What a worker says. Never throws. */
export function readFromWorker(frame: string): MessageRead<FromWorker> {
  return read<FromWorker>(frame, fromWorker);
}

/** What a coordinator says. Never throws. */
export function readToWorker(frame: string): MessageRead<ToWorker> {
  return read<ToWorker>(frame, toWorker);
}

function read<M extends { readonly kind: string }>(
  frame: string,
  checks: Readonly<Record<M['kind'], Check>>,
): MessageRead<M> {
  const value = parsed(frame);
  if (!isObject(value)) return { kind: 'Refused', why: 'it is no JSON object' };
  const kind = value['kind'];
  const check = isKindOf(kind, checks) ? checks[kind] : undefined;
  if (check === undefined) return { kind: 'Refused', why: 'its kind is not known' };
  const wrong = check(value);
  if (wrong !== undefined) return { kind: 'Refused', why: `${String(kind)}${wrong} is not as agreed` };
  return { kind: 'Message', message: value as unknown as M };
}

function isKindOf<K extends string>(kind: unknown, checks: Readonly<Record<K, Check>>): kind is K {
  return typeof kind === 'string' && Object.hasOwn(checks, kind);
}

function parsed(frame: string): unknown {
  if (frame.length > largestMessageBytes) return undefined;
  try {
    const value: unknown = JSON.parse(frame);
    return value;
  } catch {
    // Not JSON at all, so no message.
    return undefined;
  }
}
