/** What a decision says of a fleet, as the numbers that its gauges show. */
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision, NodeState } from '../core/decision.ts';
import { freeSlots } from '../core/demand.ts';
import { isLent, liveRoomCount } from '../core/media-nodes.ts';
import type { MetricName } from './metric-table.ts';

export const fleetGauges = [
  'desired_nodes',
  'ready_nodes',
  'serving_nodes',
  'standby_nodes',
  'cordoned_nodes',
  'launching_nodes',
  'leaving_nodes',
  'failed_nodes',
  'suspect_nodes',
  'rooms',
  'participants',
  'free_slots',
] as const satisfies readonly MetricName[];

/** What the governor expects; each only while it knows. */
export const forecastGauges = [
  'needed_slots',
  'available_slots',
  'expected_participants_recent',
  'expected_participants_learned',
] as const satisfies readonly MetricName[];

export type ForecastFigures = Readonly<Record<(typeof forecastGauges)[number], number | undefined>>;

export type FleetFigures = Readonly<Record<(typeof fleetGauges)[number], number>>;

export function fleetFigures(input: DecideInput, decision: Decision): FleetFigures {
  const { nodes } = decision;
  const own = nodes.filter(({ node }) => !isLent(node));
  const inState = (...states: readonly NodeState[]) => nodes.filter(({ state }) => states.includes(state));
  return {
    desired_nodes: decision.desired,
    ready_nodes: inState('Serving', 'Standby', 'Cordoned').length,
    serving_nodes: inState('Serving').length,
    standby_nodes: inState('Standby').length,
    cordoned_nodes: inState('Cordoned').length,
    launching_nodes: inState('Launching').length,
    leaving_nodes: inState('Leaving').length,
    failed_nodes: inState('Failed', 'Lost').length,
    suspect_nodes: inState('Suspect').length,
    rooms: own.reduce((sum, { node }) => sum + liveRoomCount(node), 0),
    participants: own.reduce((sum, { node }) => sum + node.participants, 0),
    free_slots: inState('Serving').reduce((sum, { node }) => sum + freeSlots(input.spec, node), 0),
  };
}

/** The forecast that a decision rests on, whether spec.autoscaling.forecast acts on it or only observes. */
export function forecastFigures(input: DecideInput, { governor }: Decision): ForecastFigures {
  const reserve = governor?.reserve;
  const isUsed = input.spec.forecast !== 'Off';
  return {
    needed_slots: reserve?.need,
    available_slots: reserve?.have,
    expected_participants_recent: reserve?.expected.recent,
    expected_participants_learned: isUsed ? reserve?.expected.seasonal : undefined,
  };
}
