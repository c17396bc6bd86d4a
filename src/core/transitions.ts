/** What became different between two decisions, as Events tell it. */
import type { Decision, NodeState, NodeView } from './decide.ts';
import type { Finding, ReasonCode } from './reasons.ts';

/** Findings in the order of the nodes' names, then those about the whole fleet. Nothing after a cold start. */
export function transitions(before: Decision | undefined, now: Decision): readonly Finding[] {
  if (before === undefined) return [];
  const earlier = new Map(before.nodes.map((view) => [view.node.name, view.state]));
  const changed = now.nodes.flatMap((view) => nodeTransition(earlier.get(view.node.name), view));
  return [...changed, ...sizeTransition(before, now)];
}

function nodeTransition(before: NodeState | undefined, view: NodeView): readonly Finding[] {
  if (before === view.state) return [];
  const reason = reasonOf(before, view);
  if (reason === undefined) return [];
  return [{ reason, message: sentence(reason, view), node: view.node.name }];
}

function reasonOf(before: NodeState | undefined, { node, state }: NodeView): ReasonCode | undefined {
  switch (state) {
    case 'Serving':
      if (before === undefined || before === 'Launching') return 'MediaNodeReady';
      return before === 'Cordoned' ? 'MediaNodeUncordoned' : 'MediaNodeServing';
    case 'Standby':
      return node.memory.standbySinceMs === undefined ? 'MediaNodeFull' : 'MediaNodeStandby';
    case 'Cordoned':
      return 'MediaNodeCordoned';
    case 'Suspect':
      return 'MediaNodeSuspect';
    case 'Failed':
      return 'MediaNodeFailed';
    case 'Launching':
    case 'Leaving':
      return undefined;
  }
}

function sentence(reason: ReasonCode, { node }: NodeView): string {
  const load = `It has ${people(node.participants)} in ${node.rooms.length} room${node.rooms.length === 1 ? '' : 's'}.`;
  switch (reason) {
    case 'MediaNodeReady':
      return `${node.name} is ready and registered, and takes rooms.`;
    case 'MediaNodeServing':
      return `${node.name} takes new rooms again. ${load}`;
    case 'MediaNodeUncordoned':
      return `${node.name} is no longer cordoned and takes new rooms again. ${load}`;
    case 'MediaNodeFull':
      return `${node.name} has reached its ceiling and takes no new rooms while others have space. ${load}`;
    case 'MediaNodeStandby':
      return `${node.name} takes no new rooms, because fewer Media Nodes are needed; its rooms go on. ${load}`;
    case 'MediaNodeCordoned':
      return `${node.name} takes no new rooms: ${node.pod.cordonWish?.why ?? 'a person cordoned it'}. ${load}`;
    case 'MediaNodeSuspect':
      return `${node.name} has stopped reporting although its Pod runs. It last had ${people(node.participants)}.`;
    default:
      return `${node.name} never became a Media Node: ${node.pod.trouble ?? 'it did not register in time'}.`;
  }
}

function people(count: number): string {
  return count === 1 ? '1 participant' : `${count} participants`;
}

function sizeTransition(before: Decision, now: Decision): readonly Finding[] {
  if (before.desired === now.desired) return [];
  const reason = now.desired > before.desired ? 'ScaledUp' : 'ScaledDown';
  const message = `From ${before.desired} to ${now.desired} Media Nodes: ${now.because.message}`;
  return [{ reason, message }];
}

/** What deserves a Warning: somebody should look. */
export function severityOf(reason: ReasonCode): 'Normal' | 'Warning' {
  const warnings: readonly ReasonCode[] = [
    'MediaNodeLost',
    'MediaNodeFailed',
    'MediaNodeSuspect',
    'LaunchFailed',
    'SpecInvalid',
    'RedisUnavailable',
    'HeartbeatsStopped',
    'LoadDropped',
    'AtMaximum',
  ];
  return warnings.includes(reason) ? 'Warning' : 'Normal';
}
