/** An explanation as text for a terminal. No colour, no width that it relies on. */
import type { Explanation } from './explain.ts';
import type { NodeExplanation } from './explain-nodes.ts';
import { counted, people } from './words.ts';

/** Ends with a line feed. */
export function explanationText(explanation: Explanation): string {
  const { desired, wouldChange, refusals } = explanation;
  const blocks = [
    [`${explanation.cluster} at ${explanation.at}, mode ${explanation.mode}`, explanation.headline],
    section(`Why ${desired}`, explanation.whyThisSize),
    section('Why not more', explanation.whyNotMore),
    section('Why not fewer', explanation.whyNotFewer),
    section(
      'What would change it',
      wouldChange.map((change) => change.sentence),
    ),
    section('Done now', explanation.actions),
    section(
      'Not done',
      refusals.map((refusal) => `${refusal.sentence} [${refusal.reason}]`),
    ),
    section('Uncertain', explanation.uncertain),
    nodesSection(explanation.nodes),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => `${block.join('\n')}\n`)
    .join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  - ${line}`)];
}

function nodesSection(nodes: readonly NodeExplanation[]): readonly string[] {
  if (nodes.length === 0) return [];
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const lines = nodes.flatMap(({ name, state, rooms, participants, why, next }) => {
    const load = `${counted(rooms, 'room')}, ${people(participants)}`;
    return [
      `  ${name.padEnd(width)}  ${state.padEnd(9)}  ${load}`,
      `      ${next === undefined ? why : `${why} ${next}`}`,
    ];
  });
  return ['Media Nodes', ...lines];
}
