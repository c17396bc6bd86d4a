/** Media servers in our Redis that are no Pods of ours. They are never touched; that they are there is told. */
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { compareNames, heartbeatOverdueMs } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { NodeEntry } from './readings.ts';
import type { Finding } from './reasons.ts';
import { counted } from './words.ts';

/** A server of ours registers before its Pod can tell who it is; after this long it has told. */
const strangeForMs = 30_000;
const mostAddresses = 5;

type Registered = Extract<NodeEntry, { kind: 'Node' }>;
/** Since when each was seen without a break, by registry id, on the operator's monotonic clock. */
export type Strangers = NonNullable<Memory['strangers']>;

/** The decision with what is to be said of servers that belong to somebody else. */
export function withForeignNodes(input: DecideInput, decision: Decision): Decision {
  const { nowMs } = input;
  const seen = strangersOf(input, decision);
  const { strangers: before, ...rest } = decision.memory;
  if (seen.length === 0 && before === undefined) return decision;
  const strangers: Strangers = Object.fromEntries(
    seen.map(({ nodeId }) => [nodeId, input.memory.strangers?.[nodeId] ?? nowMs]),
  );
  const memory: Memory = seen.length === 0 ? rest : { ...rest, strangers };
  const lasting = seen.filter(({ nodeId }) => nowMs - (strangers[nodeId] ?? nowMs) >= strangeForMs);
  if (lasting.length === 0) return { ...decision, memory };
  return { ...decision, memory, refusals: [...decision.refusals, foreignFinding(lasting)] };
}

/** While Redis cannot be read, nobody is known to be there. */
function strangersOf({ observed, memory }: DecideInput, decision: Decision): readonly Registered[] {
  const { redis } = observed;
  if (redis.kind !== 'Read') return [];
  const joined = new Set(decision.nodes.map(({ node }) => node.entry?.nodeId));
  // Mostly every entry is that of a node.
  const others = redis.nodes.filter(({ nodeId }) => !joined.has(nodeId));
  if (others.length === 0) return [];
  const ours = new Set<string | undefined>();
  for (const { node } of decision.nodes) {
    ours.add(node.metrics?.kind === 'Read' ? node.metrics.nodeId : undefined);
  }
  // Also those whose Pod is gone: their process may outlive it for a while.
  for (const known of [memory, decision.memory]) {
    for (const { nodeId } of Object.values(known.nodes)) ours.add(nodeId);
  }
  const strangers = others.filter(
    (entry): entry is Registered =>
      entry.kind === 'Node' &&
      entry.ageMs <= heartbeatOverdueMs &&
      entry.heartbeatsSeen > 0 &&
      !ours.has(entry.nodeId),
  );
  // In an order of their own: Redis lists them in any.
  return strangers.toSorted((a, b) => compareNames(a.nodeId, b.nodeId));
}

function foreignFinding(foreign: readonly Registered[]): Finding {
  const addresses = [...new Set(foreign.map(({ ip }) => ip))].toSorted();
  const named = addresses.slice(0, mostAddresses).join(', ');
  const more = addresses.length > mostAddresses ? ` and ${addresses.length - mostAddresses} more` : '';
  const servers = counted(foreign.length, 'media server');
  const message = `${servers} in Redis, at ${named}${more}, are no Pods of this OpenViduCluster. Rooms are placed on them too, which nobody here can steer: give each fleet a Redis or a database of its own.`;
  return { reason: 'ForeignNodes', message };
}
