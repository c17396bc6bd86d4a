/** The options that `simulate` and `backtest` share. */
import type { Command } from 'commander';
import type { CommonOptions } from './output.ts';
import { fleetDefaults, type FleetSize } from './fleet-size.ts';
import { decimalNumber, wholeNumber } from './values.ts';

export interface FleetOptions extends CommonOptions {
  readonly capacity?: number;
  readonly launchSeconds: number;
  readonly nodesMin?: number;
  readonly nodesMax?: number;
  readonly progress?: boolean;
}

const { capacity, nodesMin, nodesMax } = fleetDefaults;
const orManifest = 'or as the manifest of the policy has it';

export function addFleetOptions(command: Command): Command {
  return command
    .option(
      '--capacity <number>',
      `Participants that one node carries. ${capacity}, ${orManifest}.`,
      wholeNumber(1, 100_000),
    )
    .option(
      '--launch-seconds <number>',
      'From asking for a node until it is ready.',
      decimalNumber(0, 3600),
      20,
    )
    .option('--nodes-min <number>', `Fewest nodes. ${nodesMin}, ${orManifest}.`, wholeNumber(1, 1000))
    .option('--nodes-max <number>', `Most nodes. ${nodesMax}, ${orManifest}.`, wholeNumber(1, 1000))
    .option('--progress', 'Say every 10 % how far it is, also where nobody watches.');
}

export function fleetSizeOf(options: FleetOptions): FleetSize {
  return { capacity: options.capacity, nodesMin: options.nodesMin, nodesMax: options.nodesMax };
}
