/** What the schema cannot say about the workload of a scenario. */
import type {
  ReceiveDocument,
  RoomKindsDocument,
  TraceDocument,
  WorkloadDocument,
} from './scenario-document.ts';
import { type Fault, missing, type Path, unknownName, wrongValue } from './scenario-fault.ts';
import type { Media } from './scenario.ts';

const blocks = ['conference', 'liveStream', 'stage', 'teaching', 'growingRoom', 'mixed', 'trace'] as const;
/** Of these, everything may be left out. */
const optionalBlocks: readonly string[] = ['liveStream', 'growingRoom'];

/** In the order of the document's parts. */
export function workloadFaults(document: WorkloadDocument, media: Media, path: Path): readonly Fault[] {
  const rooms = document.mixed?.rooms ?? [];
  return [
    ...blockFaults(document, blocks, path),
    ...kindFaults(document, media, path),
    ...rooms.flatMap((room, at) => {
      const inMix = [...path, 'mixed', 'rooms', at];
      return [...blockFaults(room, blocks, inMix), ...kindFaults(room, media, inMix)];
    }),
    ...layerFault(document.liveStream?.receive, media, [...path, 'liveStream', 'receive']),
    ...layerFault(document.growingRoom?.receive, media, [...path, 'growingRoom', 'receive']),
    ...(document.trace === undefined ? [] : traceFaults(document.trace, media, [...path, 'trace'])),
  ];
}

type Kinds = RoomKindsDocument & { readonly kind: string };

/** The fields of the kind must be there, and those of others must not. */
function blockFaults(document: Kinds, known: readonly string[], path: Path): readonly Fault[] {
  const given = Object.keys(document).filter((name) => known.includes(name));
  const foreign = given
    .filter((name) => name !== document.kind)
    .map((name) => ({
      ...unknownName([...path, name], []),
      complaint: `has no effect, because kind is ${document.kind}`,
      remedy: `remove it, or write kind: ${name}`,
    }));
  const isMissing = !given.includes(document.kind) && !optionalBlocks.includes(document.kind);
  return isMissing
    ? [missing([...path, document.kind], `write the fields of a ${document.kind} there`), ...foreign]
    : foreign;
}

function kindFaults(
  { conference, stage, teaching }: RoomKindsDocument,
  media: Media,
  path: Path,
): readonly Fault[] {
  const { participants = 0, publishers } = conference ?? {};
  const tooMany =
    publishers !== undefined && publishers > participants
      ? [
          wrongValue([...path, 'conference', 'publishers'], publishers, {
            remedy: `write at most the ${participants} participants of a room`,
          }),
        ]
      : [];
  return [
    ...tooMany,
    ...layerFault(conference?.receive, media, [...path, 'conference', 'receive']),
    ...layerFault(stage?.receive, media, [...path, 'stage', 'receive']),
    ...layerFault(teaching?.receive, media, [...path, 'teaching', 'receive']),
  ];
}

function layerFault(receive: ReceiveDocument | undefined, { video }: Media, path: Path): readonly Fault[] {
  const layer = receive?.layer;
  if (layer === undefined || (video?.layers ?? []).includes(layer)) return [];
  const sent =
    video === undefined
      ? 'nobody sends pictures: remove it'
      : `write one that is sent: ${video.layers.join(', ')}`;
  return [wrongValue([...path, 'layer'], layer, { remedy: sent })];
}

function traceFaults({ file, csv, receive }: TraceDocument = {}, media: Media, path: Path): readonly Fault[] {
  const layer = layerFault(receive, media, [...path, 'receive']);
  if (file === undefined && csv === undefined) {
    return [
      missing([...path, 'file'], 'name the file of a trace, or put the trace itself under csv'),
      ...layer,
    ];
  }
  if (file === undefined || csv === undefined) return layer;
  return [
    wrongValue([...path, 'csv'], csv, { complaint: 'is given beside file', remedy: 'keep one of the two' }),
    ...layer,
  ];
}
