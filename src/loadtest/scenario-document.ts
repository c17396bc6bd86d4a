/** A scenario as people write it, once the schema has nothing against it. */
import type { LayerName, LevelUnit, SloMetric } from './scenario.ts';

export interface ScenarioDocument {
  readonly metadata: { readonly name: string };
  readonly spec: SpecDocument;
}

export interface SpecDocument {
  readonly description?: string;
  readonly seed?: number;
  readonly media?: MediaDocument;
  readonly workload: WorkloadDocument;
  readonly load: LoadDocument;
  readonly slos?: readonly SloDocument[];
  readonly clients?: { readonly probes?: number; readonly singleConnection?: boolean };
  readonly faults?: readonly FaultDocument[];
}

export interface MediaDocument {
  readonly video?: 'none' | { readonly layers?: readonly LayerName[] };
  readonly audio?: 'none' | { readonly activeSpeakers?: number | 'all' };
}

export interface ReceiveDocument {
  readonly tiles?: number;
  readonly layer?: LayerName;
  readonly audio?: boolean;
}

interface Receiving {
  readonly receive?: ReceiveDocument;
}

export interface ConferenceDocument extends Receiving {
  readonly participants: number;
  readonly publishers?: number;
}

export interface LiveStreamDocument extends Receiving {
  readonly publishers?: number;
}

export interface StageDocument extends Receiving {
  readonly publishers: number;
  readonly viewers: number;
}

export interface TeachingDocument extends Receiving {
  readonly teachers?: number;
  readonly students: number;
  readonly studentsSend?: 'audio' | 'nothing';
}

export interface GrowingRoomDocument extends Receiving {
  readonly send?: 'videoAndAudio' | 'audio';
}

export interface RoomKindsDocument {
  readonly conference?: ConferenceDocument;
  readonly stage?: StageDocument;
  readonly teaching?: TeachingDocument;
}

export type RoomKind = keyof RoomKindsDocument;

export interface MixedRoomDocument extends RoomKindsDocument {
  readonly name?: string;
  readonly weight: number | string;
  readonly kind: RoomKind;
}

export interface TraceDocument extends Receiving {
  readonly file?: string;
  readonly csv?: string;
  readonly timeScale?: number;
}

export interface WorkloadDocument extends RoomKindsDocument {
  readonly kind: RoomKind | 'liveStream' | 'growingRoom' | 'mixed' | 'trace';
  readonly liveStream?: LiveStreamDocument;
  readonly growingRoom?: GrowingRoomDocument;
  readonly mixed?: { readonly rooms: readonly MixedRoomDocument[] };
  readonly trace?: TraceDocument;
}

export interface SearchDocument {
  readonly min?: number;
  readonly max?: number;
  readonly resolution?: number | string;
  readonly windows?: number;
  readonly passShare?: number | string;
  readonly confirm?: string;
  readonly repetitions?: number;
}

export interface LoadDocument {
  readonly unit?: LevelUnit;
  readonly joinRate?: string;
  readonly settle?: string;
  readonly dwell?: string;
  readonly churn?: { readonly meanStay: string };
  readonly mode: 'fixed' | 'steps' | 'ramp' | 'search' | 'soak';
  readonly fixed?: { readonly level?: number; readonly windows?: number };
  readonly steps?: { readonly levels: readonly number[]; readonly windows?: number };
  readonly ramp?: { readonly from?: number; readonly to: number; readonly step?: number };
  readonly search?: SearchDocument;
  readonly soak?: { readonly level?: number; readonly duration: string };
  readonly most?: {
    readonly participants?: number;
    readonly egressMbps?: number;
    readonly duration?: string;
  };
}

export interface SloDocument {
  readonly metric: SloMetric;
  readonly max?: number | string;
  readonly min?: number | string;
  readonly overBaseline?: boolean;
  readonly guard?: boolean;
}

export interface FaultDocument {
  readonly kind: 'packetLoss' | 'subscriberBandwidth';
  readonly share?: number | string;
  readonly kbps?: number;
  readonly ofParticipants?: number | string;
  readonly from: string;
  readonly to: string;
}
