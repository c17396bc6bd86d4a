/** What `profile` shows, made from the OpenViduCapacityProfile. Pure. */
import type { OpenViduCapacityProfile } from '../api/v1alpha1.gen.ts';
import { readProfile, type ShapeCapacity } from '../core/capacity-profile.ts';
import { shortAge } from './status-text.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import { textTable } from './output.ts';

type Spec = OpenViduCapacityProfile['spec'];

export interface ProfileView {
  readonly name: string;
  readonly namespace: string;
  readonly mode: Spec['mode'];
  readonly match: Spec['match'];
  readonly limits: Spec['limits'];
  readonly costs: Spec['costs'];
  /** With the participants that one node carries by each of them. */
  readonly shapes: readonly (NonNullable<Spec['shapes']>[number] & { readonly participants: number })[];
  readonly evidence: NonNullable<Spec['evidence']>;
  readonly usedBy: readonly string[];
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
}

export function profileView(profile: OpenViduCapacityProfile): ProfileView {
  const { metadata, spec, status } = profile;
  const read = new Map(readProfile(profile).shapes.map((shape) => [shape.name, shape]));
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    mode: spec.mode,
    match: spec.match,
    limits: spec.limits,
    costs: spec.costs,
    shapes: (spec.shapes ?? []).map((shape) => ({
      ...shape,
      participants: participantsOf(read.get(shape.name)),
    })),
    evidence: spec.evidence ?? [],
    usedBy: status?.usedBy ?? [],
    conditions: (status?.conditions ?? []).map(({ type, status: holds, reason, message }) => ({
      type,
      status: holds,
      reason,
      message,
    })),
  };
}

function participantsOf(shape: ShapeCapacity | undefined): number {
  return shape === undefined ? 0 : Math.floor(shape.count * shape.peopleEach + shape.peopleBeside + 1e-9);
}

/** One profile a line. */
export function profilesText(profiles: readonly ProfileView[]): string {
  if (profiles.length === 0) return 'No capacity profiles.';
  const rows = profiles.map((profile) => [
    profile.name,
    profile.mode,
    matchText(profile.match),
    profile.shapes.map(shortShape).join(', ') || '-',
    profile.usedBy.join(', ') || '-',
    oddities(profile).join(', ') || '-',
  ]);
  const titles = ['profile', 'mode', 'measured on', 'a node carries', 'used by', 'to note'];
  return textTable(
    titles.map((title) => ({ title })),
    rows,
  );
}

type Shape = ProfileView['shapes'][number];

function shortShape({ name, lower95, rooms }: Shape): string {
  return `${lower95} ${rooms === undefined ? 'viewers' : 'rooms'} of ${name}`;
}

function matchText({ instanceType, engine, livekitVersion, cpus }: Spec['match']): string {
  const parts = [
    instanceType,
    cpus === undefined ? undefined : `${cpus} cpus`,
    engine,
    livekitVersion === undefined ? undefined : `server ${livekitVersion}`,
  ].filter((part) => part !== undefined);
  return parts.join(', ') || 'anything';
}

/** What is not as it should be, in a word each. */
function oddities({ conditions }: ProfileView): readonly string[] {
  return conditions.flatMap(({ type, status }) => {
    if (type === 'Drifted' && status === 'True') return ['drifted'];
    return type === 'Fresh' && status === 'False' ? ['old'] : [];
  });
}

export function profileText(profile: ProfileView, nowMs: number): string {
  const { name, namespace, mode, match, limits, costs, shapes, evidence, conditions } = profile;
  const shapeRows = shapes.map((shape) => [
    shape.name,
    String(shape.rooms ?? shape.viewers ?? '-'),
    shape.rooms === undefined ? 'viewers' : `rooms of ${shape.participantsPerRoom ?? '?'}`,
    String(shape.lower95),
    String(shape.participants),
    shape.bindingLimit ?? '-',
  ]);
  const columns = ['shape', 'measured', 'unit', 'sure of', 'participants', 'ran out'];
  const what = textTable(
    columns.map((title) => ({ title })),
    shapeRows,
  );
  return [
    `${namespace}/${name}, mode ${mode}, measured on ${matchText(match)}`,
    ...(shapes.length === 0 ? [] : ['', what]),
    ...(limits === undefined ? [] : ['', `Limits: ${figuresText(limits)}.`]),
    ...(costs?.cores === undefined ? [] : ['', `Costs in cores: ${figuresText(costs.cores)}.`]),
    '',
    ...evidence.map((item) => `Evidence: ${item.loadTest}, ${ageText(item.date, nowMs)} ago.`),
    ...conditions.map(({ type, status, message }) => `${type}: ${status}. ${message}`),
  ].join('\n');
}

function ageText(iso: string, nowMs: number): string {
  const atMs = parseIsoMs(iso);
  return atMs === undefined ? '?' : shortAge(nowMs - atMs);
}

function figuresText(figures: object): string {
  return Object.entries(figures)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}
