/** What befalls a fleet in the course of its life, as data. Times are seconds since its beginning. */
import { never } from '../base/assert.ts';
import { type Random, chance, pick, uniform, weighted, wholeBetween } from '../workload/random.ts';
import type { ClusterSpec } from '../core/spec.ts';

/** What becomes of nodes that are made from a revision. */
export type RevisionFate =
  | 'Serves'
  /** Its image cannot be pulled. */
  | 'NeverStarts'
  /** Its process ends before it registers. */
  | 'Crashes'
  /** It takes rooms, and most people who join them fail. */
  | 'FailsJoins';

export type SpecChange = Partial<
  Pick<
    ClusterSpec,
    | 'mode'
    | 'minNodes'
    | 'maxNodes'
    | 'replicas'
    | 'capacity'
    | 'placement'
    | 'maxConcurrentLeaving'
    | 'drainDeadlineMs'
    | 'onDrainDeadline'
    | 'updates'
  >
>;

/** Something that lasts from `atS` on for `forS`. */
interface Spell {
  readonly atS: number;
  readonly forS: number;
}

/** Something that happens at one moment. */
interface Blow {
  readonly atS: number;
}

export type Stroke =
  | (Spell & { readonly kind: 'RedisAway' })
  | (Blow & { readonly kind: 'RedisEmptied' })
  | (Spell & { readonly kind: 'HeartbeatsStall'; readonly nodes: number })
  | (Spell & { readonly kind: 'OperatorAway'; readonly forgets: boolean })
  | (Spell & { readonly kind: 'ApiRefuses'; readonly what: 'Creates' | 'All' })
  | (Spell & { readonly kind: 'ViewStale' })
  | (Spell & { readonly kind: 'MetricsSilent'; readonly nodes: number })
  | (Blow & { readonly kind: 'Crash'; readonly nodes: number })
  | (Blow & { readonly kind: 'MachineDies' })
  /** `deadlineS` after it is announced the machine is taken away; `undefined`: it waits, and may come back. */
  | (Spell & { readonly kind: 'MachineDeparts'; readonly deadlineS: number | undefined })
  /** Somebody signals a server although its Pod stays. */
  | (Blow & { readonly kind: 'Signal' })
  /** The next server that is told to stop will hang. */
  | (Blow & { readonly kind: 'Wedge' })
  | (Spell & { readonly kind: 'PersonCordons' })
  | (Spell & { readonly kind: 'PersonDrains' })
  | (Spell & { readonly kind: 'PersonProtects' })
  | (Blow & { readonly kind: 'PersonDeletes' })
  | (Spell & { readonly kind: 'CompanionWorks'; readonly nodes: number })
  | (Spell & { readonly kind: 'SignalsRelayed'; readonly clients: number })
  | (Blow & { readonly kind: 'NewRevision'; readonly fate: RevisionFate })
  | (Blow & { readonly kind: 'RevisionUndone' })
  /** The spec is changed, and changed back at the end; for ever where that is beyond the life. */
  | (Spell & { readonly kind: 'SpecChanges'; readonly to: SpecChange })
  | (Blow & { readonly kind: 'Deleted' });

export type StrokeKind = Stroke['kind'];

/** A moment, a minute or so, some minutes, or as long as a person may take. */
type Lasting = 'Moment' | 'Short' | 'Middle' | 'Long';

interface StrokeRule {
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  readonly lasts: Lasting;
  readonly draw: (random: Random, spell: Spell) => Stroke;
}

const fates = ['Serves', 'Serves', 'Serves', 'NeverStarts', 'Crashes', 'FailsJoins'] as const;

const rules: Readonly<Record<StrokeKind, StrokeRule>> = {
  RedisAway: { weight: 4, lasts: 'Short', draw: (_, spell) => ({ ...spell, kind: 'RedisAway' }) },
  RedisEmptied: { weight: 2, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'RedisEmptied' }) },
  HeartbeatsStall: {
    weight: 5,
    lasts: 'Short',
    draw: (random, spell) => ({ ...spell, kind: 'HeartbeatsStall', nodes: some(random) }),
  },
  OperatorAway: {
    weight: 5,
    lasts: 'Middle',
    draw: (random, spell) => ({ ...spell, kind: 'OperatorAway', forgets: chance(random, 0.5) }),
  },
  ApiRefuses: {
    weight: 3,
    lasts: 'Middle',
    draw: (random, spell) => ({ ...spell, kind: 'ApiRefuses', what: pick(random, ['Creates', 'All']) }),
  },
  ViewStale: { weight: 4, lasts: 'Short', draw: (_, spell) => ({ ...spell, kind: 'ViewStale' }) },
  MetricsSilent: {
    weight: 3,
    lasts: 'Short',
    draw: (random, spell) => ({ ...spell, kind: 'MetricsSilent', nodes: some(random) }),
  },
  Crash: {
    weight: 5,
    lasts: 'Moment',
    draw: (random, { atS }) => ({ atS, kind: 'Crash', nodes: chance(random, 0.8) ? 1 : 3 }),
  },
  MachineDies: { weight: 3, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'MachineDies' }) },
  MachineDeparts: {
    weight: 5,
    lasts: 'Long',
    draw: (random, spell) => {
      const deadlineS = chance(random, 0.4) ? wholeBetween(random, 20, 400) : undefined;
      return { ...spell, kind: 'MachineDeparts', deadlineS };
    },
  },
  Signal: { weight: 2, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'Signal' }) },
  Wedge: { weight: 2, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'Wedge' }) },
  PersonCordons: { weight: 3, lasts: 'Long', draw: (_, spell) => ({ ...spell, kind: 'PersonCordons' }) },
  PersonDrains: { weight: 4, lasts: 'Long', draw: (_, spell) => ({ ...spell, kind: 'PersonDrains' }) },
  PersonProtects: { weight: 5, lasts: 'Long', draw: (_, spell) => ({ ...spell, kind: 'PersonProtects' }) },
  PersonDeletes: { weight: 2, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'PersonDeletes' }) },
  CompanionWorks: {
    weight: 6,
    lasts: 'Long',
    draw: (random, spell) => ({ ...spell, kind: 'CompanionWorks', nodes: some(random) }),
  },
  SignalsRelayed: {
    weight: 3,
    lasts: 'Long',
    draw: (random, spell) => ({ ...spell, kind: 'SignalsRelayed', clients: wholeBetween(random, 1, 9) }),
  },
  NewRevision: {
    weight: 6,
    lasts: 'Moment',
    draw: (random, { atS }) => ({ atS, kind: 'NewRevision', fate: pick(random, fates) }),
  },
  RevisionUndone: { weight: 1, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'RevisionUndone' }) },
  SpecChanges: {
    weight: 5,
    lasts: 'Long',
    draw: (random, spell) => ({ ...spell, kind: 'SpecChanges', to: drawChange(random) }),
  },
  Deleted: { weight: 0.4, lasts: 'Moment', draw: (_, { atS }) => ({ atS, kind: 'Deleted' }) },
};

const weights = (Object.keys(rules) as StrokeKind[]).map((kind) => [kind, rules[kind].weight] as const);

function some(random: Random): number {
  return wholeBetween(random, 1, 4);
}

/** What may befall a fleet within this many seconds, in time order. */
export function drawStrokes(random: Random, count: number, lifeS: number): readonly Stroke[] {
  const all = Array.from({ length: count }, () => drawStroke(random, lifeS));
  const deleted = all.findIndex(({ kind }) => kind === 'Deleted');
  // Deleted once is deleted for ever, and it is the last thing that happens to a fleet.
  const kept = all.filter(({ kind }, at) => kind !== 'Deleted' || at === deleted);
  return kept.toSorted((a, b) => a.atS - b.atS);
}

function drawStroke(random: Random, lifeS: number): Stroke {
  const kind = weighted(random, weights);
  const { lasts, draw } = rules[kind];
  // The end is kept for late in a life, or nothing else would happen in it.
  const atS = Math.round(uniform(random, kind === 'Deleted' ? 0.6 * lifeS : 5, lifeS));
  return draw(random, { atS, forS: Math.min(lifeS - atS, drawSeconds(random, lasts)) });
}

/** Mostly below the operator's own limits, and sometimes far above them. */
function drawSeconds(random: Random, lasts: Lasting): number {
  switch (lasts) {
    case 'Moment':
      return 0;
    case 'Short':
      return wholeBetween(random, 1, chance(random, 0.8) ? 40 : 200);
    case 'Middle':
      return wholeBetween(random, 1, chance(random, 0.7) ? 60 : 400);
    case 'Long':
      return wholeBetween(random, 10, chance(random, 0.6) ? 200 : 2000);
    default:
      return never(lasts);
  }
}

function drawChange(random: Random): SpecChange {
  const minNodes = wholeBetween(random, 1, 4);
  const changes: readonly SpecChange[] = [
    { mode: 'Paused' },
    { mode: 'DryRun' },
    { mode: 'External', replicas: wholeBetween(random, 1, 5) },
    { minNodes, maxNodes: minNodes + wholeBetween(random, 0, 3) },
    { minNodes: 1, maxNodes: 1 },
    {
      capacity: {
        participants: wholeBetween(random, 8, 80),
        tracks: undefined,
        egressBytesPerSecond: undefined,
      },
    },
    {
      placement: {
        strategy: pick(random, ['Packed', 'Spread']),
        ceiling: uniform(random, 0.5, 1),
        priority: 16,
      },
    },
    { maxConcurrentLeaving: wholeBetween(random, 1, 4) },
    {
      drainDeadlineMs: wholeBetween(random, 20, 600) * 1000,
      onDrainDeadline: pick(random, ['Wait', 'Evict']),
    },
    {
      updates: {
        maxSurge: { kind: 'Nodes', value: wholeBetween(random, 1, 3) },
        canary: undefined,
        paused: true,
      },
    },
  ];
  return pick(random, changes);
}
