/** What would give another size, in words: more people, fewer people, time alone. */
import { sayDuration } from '../base/duration.ts';
import type { LaterChange, Threshold } from './counterfactual.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { counted, mediaNodesWord, people } from './words.ts';

/** Something that would give another size. */
export type WouldChange =
  | {
      readonly kind: 'MoreParticipants' | 'FewerParticipants';
      readonly participants: number;
      readonly nodes: number;
      readonly sentence: string;
    }
  | {
      readonly kind: 'Time';
      readonly afterSeconds: number;
      readonly nodes: number;
      readonly sentence: string;
    };

/** A decision and what was found to change it. */
export interface Seen {
  readonly input: DecideInput;
  readonly decision: Decision;
  readonly more: Threshold | undefined;
  readonly fewer: Threshold | undefined;
  readonly later: LaterChange | undefined;
}

export function wouldChange({ input, decision, more, fewer, later }: Seen): readonly WouldChange[] {
  const { maxNodes } = input.spec;
  return [
    ...(more === undefined ? [] : [moreSaid(more, maxNodes)]),
    ...(fewer === undefined ? [] : [fewerSaid(fewer, decision)]),
    ...(later === undefined
      ? []
      : [
          {
            kind: 'Time' as const,
            afterSeconds: Math.round(later.afterMs / 1000),
            nodes: later.desired,
            sentence: timeSaid(later),
          },
        ]),
  ];
}

function moreSaid(more: Threshold, maxNodes: number): WouldChange {
  const allowed = more.nodes > maxNodes ? `, and spec.mediaNodes.max allows ${maxNodes}` : '';
  const come = more.participants === 1 ? 'comes' : 'come';
  return {
    kind: 'MoreParticipants',
    ...more,
    sentence: `If ${counted(more.participants, 'more participant')} ${come}, ${mediaNodesWord(more.nodes)} ${more.nodes === 1 ? 'is' : 'are'} wanted${allowed}.`,
  };
}

function fewerSaid(fewer: Threshold, { desired }: Decision): WouldChange {
  const leave = fewer.participants === 1 ? 'leaves' : 'leave';
  const then = `${mediaNodesWord(fewer.nodes)} ${fewer.nodes === 1 ? 'is' : 'are'} enough instead of ${desired}`;
  return {
    kind: 'FewerParticipants',
    ...fewer,
    sentence: `If ${people(fewer.participants)} ${leave}, ${then} once spec.autoscaling.behavior allows it.`,
  };
}

export function timeSaid({ afterMs, desired }: LaterChange): string {
  return `In ${sayDuration(afterMs)}, if nothing else changes, ${mediaNodesWord(desired)} ${desired === 1 ? 'is' : 'are'} wanted.`;
}
