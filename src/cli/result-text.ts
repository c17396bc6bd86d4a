/** The figures of a simulation with a sentence for each, for people. */
import { avoidableOverloadShare, type SimResult } from '../simulate/result.ts';
import { textTable } from './output.ts';

type Line = readonly [figure: string, value: string, says: string];

export function resultText(result: SimResult): string {
  const head = `${result.policy} on ${result.trace}, seed ${result.seed}, ${result.rooms} rooms`;
  const titles = ['figure', 'value', 'what it says'];
  const columns = titles.map((title, at) => (at === 1 ? { title, align: 'right' as const } : { title }));
  return `${head}\n\n${textTable(columns, lines(result))}`;
}

function lines(result: SimResult): readonly Line[] {
  const avoidable = avoidableOverloadShare(result);
  return [
    ['node-hours', result.nodeHours.toFixed(1), 'paid for, from each launch to its removal'],
    ['bound', result.boundNodeHours.toFixed(1), 'node-hours of a fleet that could move rooms, at 70 % use'],
    ['ratio', result.ratio.toFixed(3), 'node-hours over the bound; 1 is out of reach'],
    ['overload', share(result.overloadShare), 'of all participant-time was on nodes above 90 % of capacity'],
    ['  avoidable', share(avoidable), 'of it without rooms that alone are too large for a node'],
    ['rooms cut', String(result.roomsCut), 'ended by a removal before their time'],
    ['participants cut', String(result.participantsCut), 'were in those rooms'],
    ['launches', String(result.launches), 'nodes asked for'],
    ['turns a day', result.directionChangesPerDay.toFixed(1), 'changes between launching and letting go'],
    ['peak nodes', String(result.peakNodes), 'at once, launching ones included'],
    ['drain, median', minutes(result.drainMinutesP50), 'from the last cordon to the end of the last room'],
    ['drain, 95 %', minutes(result.drainMinutesP95), 'nineteen of twenty removals took no longer'],
    ['computed in', `${(result.wallMs / 1000).toFixed(1)} s`, 'on this machine'],
  ];
}

function share(value: number): string {
  return `${(100 * value).toFixed(3)} %`;
}

function minutes(value: number): string {
  return `${value.toFixed(1)} min`;
}
