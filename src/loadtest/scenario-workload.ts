/** Workload and media of a scenario, with everything that people may leave out. */
import { type TraceRoom as TraceRow, type Trace } from '../workload/trace.ts';
import type {
  GrowingRoomDocument,
  LiveStreamDocument,
  MediaDocument,
  MixedRoomDocument,
  ReceiveDocument,
  RoomKindsDocument,
  TraceDocument,
  WorkloadDocument,
} from './scenario-document.ts';
import { shareOf } from './scenario-units.ts';
import {
  layerNames,
  type LevelUnit,
  type Media,
  type Receives,
  type Role,
  type RoomShape,
  type TraceRoom,
  type Workload,
} from './scenario.ts';

/** Pictures on one screen where rooms grow without an end that is known. */
const usualTiles = 9;
const usualSpeakers = 2;

export function mediaOf(document: MediaDocument = {}): Media {
  const { video = {}, audio = {} } = document;
  return {
    video:
      video === 'none'
        ? undefined
        : { codec: 'vp8', layers: layerNames.filter((layer) => (video.layers ?? ['360p']).includes(layer)) },
    audio:
      audio === 'none'
        ? undefined
        : {
            codec: 'opus',
            activeSpeakers: audio.activeSpeakers === 'all' ? 'All' : (audio.activeSpeakers ?? usualSpeakers),
          },
  };
}

type RoomsWorkload = Extract<Workload, { readonly kind: 'Rooms' }>;

/** What a level of the workload counts. */
export function unitOf(kind: WorkloadDocument['kind']): LevelUnit {
  switch (kind) {
    case 'conference':
    case 'stage':
    case 'teaching':
    case 'mixed':
      return 'rooms';
    case 'liveStream':
      return 'viewers';
    case 'growingRoom':
      return 'participants';
    case 'trace':
      return 'percent';
  }
}

/** @param trace needed where the kind is a trace. Call it only for a document without form faults. */
export function workloadOf(document: WorkloadDocument, media: Media, trace: Trace | undefined): Workload {
  const { kind } = document;
  switch (kind) {
    case 'conference':
    case 'stage':
    case 'teaching':
      return { kind: 'Rooms', shapes: [{ share: 1, shape: shapeOf(kind, document, media) }] };
    case 'mixed':
      return { kind: 'Rooms', shapes: mixedShapes(document.mixed, media) };
    case 'liveStream':
      return liveStreamOf(document.liveStream, media);
    case 'growingRoom':
      return growingRoomOf(document.growingRoom, media);
    case 'trace':
      return traceOf(document.trace, media, trace);
  }
}

function liveStreamOf({ publishers = 1, receive }: LiveStreamDocument = {}, media: Media): Workload {
  const receives = receivesOf(receive, media, publishers);
  const fixed = [{ role: publisherOf(media, receives), count: publishers }];
  return { kind: 'OneRoom', name: 'live-stream', fixed, growing: silent('viewer', receives) };
}

function growingRoomOf({ send, receive }: GrowingRoomDocument = {}, media: Media): Workload {
  const receives = receivesOf(receive, media, usualTiles);
  const growing = publisherOf(media, receives, send !== 'audio');
  return { kind: 'OneRoom', name: 'growing-room', fixed: [], growing };
}

function traceOf(
  { timeScale = 1, receive }: TraceDocument = {},
  media: Media,
  trace: Trace | undefined,
): Workload {
  const rooms = (trace?.rooms ?? []).map(traceRoom);
  return { kind: 'Trace', rooms, timeScale, receives: receivesOf(receive, media, usualTiles) };
}

function traceRoom({ startS, durationS, participants, publishers }: TraceRow): TraceRoom {
  return { startSeconds: startS, durationSeconds: durationS, participants, publishers };
}

function mixedShapes(mixed: WorkloadDocument['mixed'], media: Media): RoomsWorkload['shapes'] {
  return (mixed?.rooms ?? []).map((room) => mixedShape(room, media));
}

function mixedShape(
  room: MixedRoomDocument,
  media: Media,
): { readonly share: number; readonly shape: RoomShape } {
  const shape = shapeOf(room.kind, room, media);
  return {
    share: shareOf(room.weight),
    shape: room.name === undefined ? shape : { ...shape, name: room.name },
  };
}

function shapeOf(kind: keyof RoomKindsDocument, kinds: RoomKindsDocument, media: Media): RoomShape {
  switch (kind) {
    case 'conference':
      return conferenceOf(kinds, media);
    case 'stage':
      return stageOf(kinds, media);
    case 'teaching':
      return classOf(kinds, media);
  }
}

function stageOf({ stage }: RoomKindsDocument, media: Media): RoomShape {
  const { publishers = 0, viewers = 0, receive } = stage ?? {};
  const receives = receivesOf(receive, media, publishers);
  return {
    name: `stage-${publishers}-${viewers}`,
    roles: [
      { role: publisherOf(media, receives), count: publishers },
      { role: silent('viewer', receives), count: viewers },
    ],
  };
}

function classOf({ teaching }: RoomKindsDocument, media: Media): RoomShape {
  const { teachers = 1, students = 0, studentsSend, receive } = teaching ?? {};
  const receives = receivesOf(receive, media, teachers);
  const speaks = studentsSend !== 'nothing' && sendsAudio(media);
  return {
    name: `class-${teachers}-${students}`,
    roles: [
      { role: { ...publisherOf(media, receives), name: 'teacher' }, count: teachers },
      { role: { ...silent('student', receives), sendsAudio: speaks }, count: students },
    ],
  };
}

function conferenceOf({ conference }: RoomKindsDocument, media: Media): RoomShape {
  const { participants = 0, publishers = participants, receive } = conference ?? {};
  const receives = receivesOf(receive, media, publishers);
  const roles = [
    { role: publisherOf(media, receives), count: publishers },
    { role: silent('viewer', receives), count: participants - publishers },
  ];
  const name =
    publishers === participants
      ? `conference-${participants}`
      : `conference-${publishers}-of-${participants}`;
  return { name, roles: roles.filter(({ count }) => count > 0) };
}

function receivesOf(receive: ReceiveDocument = {}, media: Media, tiles: number): Receives {
  const layers = media.video?.layers ?? [];
  return {
    tiles: media.video === undefined ? 0 : (receive.tiles ?? tiles),
    layer: receive.layer ?? layers.at(-1) ?? '360p',
    audio: (receive.audio ?? true) && sendsAudio(media),
  };
}

function sendsAudio({ audio }: Media): boolean {
  return audio !== undefined;
}

function publisherOf(media: Media, receives: Receives, withVideo = true): Role {
  return {
    name: 'publisher',
    sendsVideo: withVideo && media.video !== undefined,
    sendsAudio: sendsAudio(media),
    receives,
  };
}

function silent(name: string, receives: Receives): Role {
  return { name, sendsVideo: false, sendsAudio: false, receives };
}
