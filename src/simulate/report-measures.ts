/** The figures of a result as people read them: name, unit, digits and what exactly is counted. */
import { figure } from '../report/figure.ts';
import type { SimResult } from './result.ts';

export type MeasureKey = Exclude<keyof SimResult, 'policy' | 'seed' | 'trace'>;

export interface Measure {
  readonly key: MeasureKey;
  readonly label: string;
  readonly unit: '' | '%' | 'min' | 'h';
  readonly digits: number;
  readonly meaning: string;
}

export const measures = {
  nodeHours: {
    key: 'nodeHours',
    label: 'Node-hours',
    unit: 'h',
    digits: 1,
    meaning: 'Time that nodes exist, from launch to removal or to the end of the run, added up.',
  },
  boundNodeHours: {
    key: 'boundNodeHours',
    label: 'Bound',
    unit: 'h',
    digits: 1,
    meaning:
      'Node-hours of an imagined fleet that moves rooms freely: at each moment as many nodes as carry the load at 70 % of capacity, and at least one. Nobody who cannot move rooms reaches it.',
  },
  ratio: {
    key: 'ratio',
    label: 'Times the bound',
    unit: '',
    digits: 3,
    meaning: 'Node-hours divided by the bound.',
  },
  overloadShare: {
    key: 'overloadShare',
    label: 'Overload',
    unit: '%',
    digits: 2,
    meaning: 'Share of the participants’ time spent on nodes above 90 % of capacity.',
  },
  unavoidableOverloadShare: {
    key: 'unavoidableOverloadShare',
    label: 'Unavoidable overload',
    unit: '%',
    digits: 2,
    meaning:
      'The part of it that belongs to rooms which alone exceed 90 % of a node. It is the same for every policy.',
  },
  roomsCut: {
    key: 'roomsCut',
    label: 'Rooms cut',
    unit: '',
    digits: 0,
    meaning: 'Rooms that were still going on when the policy’s removal of their node ended them.',
  },
  participantsCut: {
    key: 'participantsCut',
    label: 'People cut',
    unit: '',
    digits: 0,
    meaning: 'Participants of these rooms at that moment.',
  },
  launches: {
    key: 'launches',
    label: 'Launches',
    unit: '',
    digits: 0,
    meaning: 'Nodes launched, the first ones included.',
  },
  directionChangesPerDay: {
    key: 'directionChangesPerDay',
    label: 'Changes of direction a day',
    unit: '',
    digits: 1,
    meaning: 'How often a removal follows a launch or a launch a removal.',
  },
  peakNodes: {
    key: 'peakNodes',
    label: 'Most nodes at once',
    unit: '',
    digits: 0,
    meaning: 'Launching and draining ones included.',
  },
  drainMinutesP50: {
    key: 'drainMinutesP50',
    label: 'Drain, median',
    unit: 'min',
    digits: 1,
    meaning: 'From the last cordon of a removed node to the end of its last room, 0 if it was empty by then.',
  },
  drainMinutesP95: {
    key: 'drainMinutesP95',
    label: 'Drain, 95th percentile',
    unit: 'min',
    digits: 1,
    meaning: 'The same: 19 of 20 drains took no longer.',
  },
  rooms: { key: 'rooms', label: 'Rooms', unit: '', digits: 0, meaning: 'Rooms that began.' },
  wallMs: {
    key: 'wallMs',
    label: 'Computing time',
    unit: '',
    digits: 0,
    meaning: 'How long the simulation took, in milliseconds. The only figure that differs from run to run.',
  },
} as const satisfies Readonly<Record<MeasureKey, Measure>>;

/** In the unit of the measure: shares become percent. */
export function valueOf(result: SimResult, measure: Measure): number {
  return measure.unit === '%' ? result[measure.key] * 100 : result[measure.key];
}

export function shown(value: number, measure: Measure): string {
  return figure(value, measure.digits);
}
