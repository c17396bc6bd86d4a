/**
 * Whether the way in which media servers pick the node for a new room suits a fleet of containers that come and go.
 * It is advice: rooms are placed all the same, only less well.
 */

/** `node_selector` of livekit.yaml as the servers get it; whatever is not as it should be is told. */
export interface NodeSelector {
  readonly kind: unknown;
  readonly sortBy: unknown;
  readonly algorithm: unknown;
  readonly sysloadLimit: unknown;
}

type Advise = (selector: NodeSelector, strategy: 'Packed' | 'Spread') => string | undefined;

const field = 'spec.mediaNodes.config.node_selector';
const kinds: readonly unknown[] = ['any', 'random', 'cpuload', 'sysload', 'regionaware'];
const orders: readonly unknown[] = [
  'random',
  'sysload',
  'cpuload',
  'rooms',
  'clients',
  'tracks',
  'bytespersec',
];
const algorithms: readonly unknown[] = ['lowest', 'twochoice'];
/** So many times its processors' worth of load no machine has: the limit lets every node pass. */
const boundlessLoad = 100;

const advices: readonly Advise[] = [
  knownKind,
  knownOrder,
  knownAlgorithm,
  kindReadsOwnLoad,
  orderReadsOwnLoad,
  noHerd,
];

/** A sentence for each thing that should be otherwise, with the remedy; none when all is well. */
export function selectorAdvice(selector: NodeSelector, strategy: 'Packed' | 'Spread'): readonly string[] {
  return advices.flatMap((advise) => advise(selector, strategy) ?? []);
}

function knownKind({ kind }: NodeSelector): string | undefined {
  if (kinds.includes(kind)) return undefined;
  return `${field}.kind is ${said(kind)}, with which the media servers do not start: write any.`;
}

function knownOrder({ sortBy }: NodeSelector): string | undefined {
  if (orders.includes(sortBy)) return undefined;
  return `${field}.sort_by is ${said(sortBy)}, with which every new room fails: write clients.`;
}

function knownAlgorithm({ algorithm }: NodeSelector): string | undefined {
  if (algorithms.includes(algorithm)) return undefined;
  return `${field}.algorithm is ${said(algorithm)}, with which every new room fails: write twochoice.`;
}

function kindReadsOwnLoad({ kind, sysloadLimit }: NodeSelector): string | undefined {
  if (kind !== 'sysload' && kind !== 'regionaware') return undefined;
  if (typeof sysloadLimit === 'number' && sysloadLimit >= boundlessLoad) return undefined;
  const misread = `${field}.kind ${kind} divides the load of the whole machine by the processors of one container`;
  return kind === 'sysload'
    ? `${misread}: write any.`
    : `${misread}: set sysload_limit to 1000, so that only the region counts.`;
}

function orderReadsOwnLoad({ sortBy }: NodeSelector, strategy: 'Packed' | 'Spread'): string | undefined {
  switch (sortBy) {
    case 'sysload':
      return `${field}.sort_by sysload compares the loads of whole machines: write clients.`;
    case 'cpuload':
      return `${field}.sort_by cpuload takes a saturated node for an idle one, because its load then reads as 0: write clients.`;
    case 'random':
      // Where rooms are packed, full nodes are closed, and chance may choose among the others.
      return strategy === 'Spread'
        ? `${field}.sort_by random does not look at the load, so that nodes fill unevenly: write clients.`
        : undefined;
    default:
      return undefined;
  }
}

function noHerd({ algorithm, sortBy }: NodeSelector): string | undefined {
  if (algorithm !== 'lowest' || sortBy === 'random') return undefined;
  return `${field}.algorithm lowest gives all rooms of a heartbeat to the same node, and to each new one: write twochoice.`;
}

function said(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 40);
}
