/** What a calibration found, for people. */
import type { CostModel, Estimate } from '../loadtest/cost-model.ts';
import type { CostFit } from '../loadtest/cost-fit.ts';
import type { Fingerprint } from '../loadtest/record.ts';
import { textTable } from './output.ts';

export interface CalibrationAnswer {
  readonly profile: string | undefined;
  readonly folder: string;
  readonly cells: { readonly planned: number; readonly measured: number };
  readonly fit: CostFit;
  readonly fingerprint: Fingerprint | undefined;
}

export function calibrationText({ fit, cells, profile, folder }: CalibrationAnswer): string {
  const measured = `${cells.measured} of ${cells.planned} cells were measured; their records are in ${folder}`;
  const proposal =
    profile === undefined
      ? 'no profile was written'
      : `profile: ${profile} (it changes nothing until it is applied and approved)`;
  if (fit.kind === 'Refused') return `The costs cannot be told: ${fit.because}.\n${measured}\n${proposal}`;
  return `${costsTable(fit.model)}\n${measured}\n${proposal}`;
}

/** Cores and bytes as people read them, with their intervals of 95 %. */
export function costsTable(model: CostModel): string {
  const row = (
    what: string,
    estimate: Estimate | undefined,
    unit: string,
    scale: number,
  ): readonly string[][] =>
    estimate === undefined
      ? []
      : [
          [
            what,
            shown(estimate.value * scale),
            `${shown(estimate.low * scale)} to ${shown(estimate.high * scale)}`,
            unit,
          ],
        ];
  const rows = [
    ...row('a node at work', model.baseCores, 'cores', 1),
    ...row('a packet in', model.coresPerPacketIn, 'µs', 1e6),
    ...row('a packet out', model.coresPerPacketOut, 'µs', 1e6),
    ...row('a megabyte', model.coresPerMegabyte, 'ms', 1e3),
    ...row('a participant', model.coresPerParticipant, 'millicores', 1e3),
    ...row('a join', model.coreSecondsPerJoin, 'ms', 1e3),
    ...row('a node at work', model.baseBytes, 'MB', 1e-6),
    ...row('a participant', model.bytesPerParticipant, 'MB', 1e-6),
  ];
  const columns = [
    { title: 'cost of' },
    { title: 'value', align: 'right' as const },
    { title: '95 %', align: 'right' as const },
    { title: 'unit' },
  ];
  return textTable(columns, rows);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
