/** What a load test found, as an OpenViduCapacityProfile. Pure: a plain object, to be written as YAML or applied. */
import { type CostModel, type Estimate, mostCondition } from './cost-model.ts';
import type { Fingerprint, SearchResult } from './record.ts';

/** The result of one search, and what its rooms were like. */
export interface ShapeResult {
  /** Such as `conference-10`. */
  readonly shape: string;
  /** Where rooms are counted. */
  readonly participantsPerRoom?: number;
  /** Where viewers of one room are counted. */
  readonly publishers?: number;
  readonly result: SearchResult;
}

export interface ProfileEvidence {
  readonly loadTest: string;
  /** Of the record. */
  readonly sha256?: string;
  /** RFC 3339. */
  readonly date: string;
}

export interface ProfileInput {
  readonly name: string;
  readonly namespace?: string;
  readonly mode: 'Propose' | 'Apply';
  readonly fingerprint: Fingerprint;
  /** Left out where it is not known. */
  readonly instanceType?: string;
  readonly results: readonly ShapeResult[];
  /** Left out when its terms cannot be told apart. */
  readonly costs?: CostModel | undefined;
  readonly evidence: readonly ProfileEvidence[];
  /** Share of its processors up to which people were served well; the autoscaler takes 0.8 where it is left out. */
  readonly cpuLimit?: number;
}

export interface ProfileManifest {
  readonly apiVersion: 'openvidu.io/v1alpha1';
  readonly kind: 'OpenViduCapacityProfile';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Nothing was found that a profile could say. The message is one sentence with the remedy. */
export class EmptyProfileError extends Error {
  override readonly name = 'EmptyProfileError';
  constructor() {
    super(
      'no capacity and no costs were found, so there is nothing to write: run the searches to their end.',
    );
  }
}

const longestFingerprint = 1024;
const mostEvidence = 20;

/** @throws EmptyProfileError */
export function profileManifest(input: ProfileInput): ProfileManifest {
  const { name, namespace, mode, fingerprint, cpuLimit } = input;
  const shapes = input.results.flatMap(shapeOf);
  const costs = costsOf(input.costs);
  if (shapes.length === 0 && costs === undefined) throw new EmptyProfileError();
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCapacityProfile',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      mode,
      match: matchOf(fingerprint, input.instanceType),
      ...(cpuLimit === undefined ? {} : { limits: { cpu: cpuLimit } }),
      ...(costs === undefined ? {} : { costs }),
      ...(shapes.length === 0 ? {} : { shapes }),
      evidence: input.evidence
        .slice(-mostEvidence)
        .map((item) => ({ ...item, fingerprint: fingerprintText(fingerprint) })),
    },
  };
}

/** A capacity of nothing says that the machine is no Media Node, which no profile can say. */
function shapeOf({ shape, participantsPerRoom, publishers, result }: ShapeResult): readonly object[] {
  const { unit, capacity, lower95, bindingLimit } = result;
  const lower = Math.min(lower95, capacity);
  if (!(lower > 0) || unit === 'percent') return [];
  const common = { lower95: rounded(lower), bindingLimit };
  if (unit !== 'rooms') {
    const beside = publishers === undefined ? {} : { publishers };
    return [{ name: shape, ...beside, viewers: rounded(capacity), ...common }];
  }
  return participantsPerRoom === undefined
    ? []
    : [{ name: shape, participantsPerRoom, rooms: rounded(capacity), ...common }];
}

function matchOf(
  { engine, serverVersion, serverCores, nicMbps }: Fingerprint,
  instanceType: string | undefined,
): object {
  const version = /^v?(\d+\.\d+)/.exec(serverVersion)?.[1];
  return {
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(engine === 'unknown' ? {} : { engine }),
    ...(version === undefined ? {} : { livekitVersion: version }),
    ...(serverCores > 0 ? { cpus: rounded(serverCores) } : {}),
    ...(nicMbps === undefined || nicMbps <= 0 ? {} : { nicGbps: nicMbps / 1000 }),
  };
}

function costsOf(model: CostModel | undefined): object | undefined {
  if (model === undefined || model.conditionNumber > mostCondition) return undefined;
  const value = (estimate: Estimate): number => Math.max(0, Number(estimate.value.toPrecision(4)));
  const megabytes = (estimate: Estimate): number => Math.max(0, rounded(estimate.value / 1e6));
  return {
    cores: {
      base: value(model.baseCores),
      participant: value(model.coresPerParticipant),
      packetIn: value(model.coresPerPacketIn),
      packetOut: value(model.coresPerPacketOut),
      megabyte: value(model.coresPerMegabyte),
      ...(model.coreSecondsPerJoin === undefined ? {} : { join: value(model.coreSecondsPerJoin) }),
    },
    memory: {
      baseMegabytes: megabytes(model.baseBytes),
      perParticipantMegabytes: megabytes(model.bytesPerParticipant),
    },
  };
}

function fingerprintText(fingerprint: Fingerprint): string {
  return JSON.stringify(fingerprint).slice(0, longestFingerprint);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
