/**
 * What to measure so that a node's costs can be told apart. Rooms of one size cannot do that: their packets, bytes and
 * people grow together. So rooms of other sizes, one room with many viewers, sound alone, pictures alone, small and
 * large pictures, and people who come and go, each at a few levels, in an order that the seed shuffles.
 */
import { stream } from '../workload/random.ts';
import { estimateLevel } from './estimate.ts';
import type { LayerName, Media, RoomShape, Role, Scenario, Slo, Workload } from './scenario.ts';

export interface CalibrationOptions {
  readonly seed: number;
  /** What the node may use, and what the generator has. */
  readonly serverCores: number;
  readonly generatorCores: number;
  readonly settleMs: number;
  readonly dwellMs: number;
  /** At each level of each cell. */
  readonly windows: number;
  readonly most: Scenario['load']['most'];
}

export interface CalibrationCell {
  /** Of the kind of load; cells of one name differ by level. */
  readonly name: string;
  readonly level: number;
  /** In mode Fixed. */
  readonly scenario: Scenario;
}

/** Parts of the node's processor at which each kind of load is measured. */
const shares = [0.3, 0.5, 0.7] as const;
/** A worker whose event loop is busier than this is no longer believed. */
const mostGeneratorShare = 0.6;
/** What one core of a server lets in without falling behind. */
const joinsPerSecondAndCore = 5;

/** Each kind of load at up to three levels, shuffled. The same options give the same list. */
export function calibrationCells(options: CalibrationOptions): readonly CalibrationCell[] {
  const cells = kinds.flatMap((kind) => cellsOf(kind, options));
  const random = stream(options.seed, 'calibration');
  return cells
    .map((cell) => ({ cell, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ cell }) => cell);
}

interface Kind {
  readonly name: string;
  readonly description: string;
  readonly media: Media;
  readonly workload: Workload;
  readonly meanStayMs: number | undefined;
}

const sound: Media['audio'] = { codec: 'opus', activeSpeakers: 'All' };
const pictures = (...layers: readonly LayerName[]): Media['video'] => ({ codec: 'vp8', layers });

/** Everybody sends what the media have, and receives that of all others. */
function person(media: Media, people: number, layer: LayerName): Role {
  return {
    name: 'person',
    sendsVideo: media.video !== undefined,
    sendsAudio: media.audio !== undefined,
    receives: { tiles: media.video === undefined ? 0 : people - 1, layer, audio: media.audio !== undefined },
  };
}

interface KindOfRooms {
  readonly name: string;
  readonly description: string;
  readonly people: number;
  readonly media: Media;
  readonly layer?: LayerName;
  readonly meanStayMs?: number;
}

function rooms({ name, description, people, media, layer = '360p', meanStayMs }: KindOfRooms): Kind {
  const shape: RoomShape = { name, roles: [{ role: person(media, people, layer), count: people }] };
  return { name, description, media, workload: { kind: 'Rooms', shapes: [{ share: 1, shape }] }, meanStayMs };
}

function liveStream(layer: LayerName): Kind {
  const media: Media = { video: pictures(layer), audio: sound };
  const presenter: Role = { ...person(media, 1, layer), name: 'presenter' };
  const receives = { tiles: 1, layer, audio: true };
  const viewer: Role = { name: 'viewer', sendsVideo: false, sendsAudio: false, receives };
  const name = `live-${layer}`;
  return {
    name,
    description: `One presenter and many viewers, ${layer}.`,
    media,
    workload: { kind: 'OneRoom', name, fixed: [{ role: presenter, count: 1 }], growing: viewer },
    meanStayMs: undefined,
  };
}

const usual: Media = { video: pictures('360p'), audio: sound };

const kinds: readonly Kind[] = [
  rooms({ name: 'rooms-of-2', description: 'Calls of two, 360p.', people: 2, media: usual }),
  rooms({ name: 'rooms-of-4', description: 'Rooms of four, 360p.', people: 4, media: usual }),
  rooms({ name: 'rooms-of-10', description: 'Rooms of ten, 360p.', people: 10, media: usual }),
  liveStream('360p'),
  liveStream('720p'),
  rooms({
    name: 'sound-only',
    description: 'Rooms of ten without pictures: small packets.',
    people: 10,
    media: { video: undefined, audio: sound },
  }),
  rooms({
    name: 'pictures-only',
    description: 'Rooms of four without sound: large packets.',
    people: 4,
    media: { video: pictures('720p'), audio: undefined },
    layer: '720p',
  }),
  rooms({
    name: 'simulcast',
    description:
      'Rooms of four who send three sizes and receive the middle one: more comes in than goes out.',
    people: 4,
    media: { video: pictures('180p', '360p', '720p'), audio: sound },
  }),
  rooms({
    name: 'coming-and-going',
    description: 'Calls of two, in which people stay for half a minute.',
    people: 2,
    media: usual,
    meanStayMs: 30_000,
  }),
];

function cellsOf(kind: Kind, options: CalibrationOptions): readonly CalibrationCell[] {
  const levels = new Set(shares.map((share) => levelFor(scenarioOf(kind, options, 1), options, share)));
  return [...levels].map((level) => ({ name: kind.name, level, scenario: scenarioOf(kind, options, level) }));
}

/** The highest level that should leave both sides below the share of what they have, and 1 at least. */
function levelFor(scenario: Scenario, options: CalibrationOptions, share: number): number {
  const fits = (level: number): boolean => {
    const { serverCores, generatorCores, participants, mbpsOut } = estimateLevel(scenario, level);
    return (
      serverCores <= share * options.serverCores &&
      generatorCores <= Math.min(share, mostGeneratorShare) * options.generatorCores &&
      participants <= options.most.participants &&
      mbpsOut <= options.most.egressMbps
    );
  };
  let low = 1;
  let high = 2;
  while (fits(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Nothing is asked of the node but that it can be seen: a cell measures, it does not judge. */
const visible: Slo = { metric: 'node.cpuShare', max: 1, min: undefined, overBaseline: false, guard: true };

function scenarioOf(kind: Kind, options: CalibrationOptions, level: number): Scenario {
  const { seed, settleMs, dwellMs, windows, serverCores, most } = options;
  return {
    name: `calibrate-${kind.name}`,
    description: kind.description,
    seed,
    media: kind.media,
    workload: kind.workload,
    load: {
      unit: kind.workload.kind === 'OneRoom' ? 'viewers' : 'rooms',
      joinsPerSecond: Math.max(1, joinsPerSecondAndCore * serverCores),
      settleMs,
      dwellMs,
      churn: kind.meanStayMs === undefined ? undefined : { meanStayMs: kind.meanStayMs },
      mode: { kind: 'Fixed', level, windows },
      most,
    },
    slos: [visible],
    clients: { probes: 0, singleConnection: false },
    faults: [],
  };
}
