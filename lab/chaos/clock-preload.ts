/**
 * Loaded before an operator of the fault laboratory, so that its wall clock can be wrong and made to jump: at the start,
 * and on SIGUSR2, the number of milliseconds in the file that CHAOS_CLOCK_FILE names becomes the difference from the true time.
 */
import { readFileSync } from 'node:fs';

const file = process.env['CHAOS_CLOCK_FILE'];
const trueNow = Date.now.bind(Date);
const TrueDate = Date;
let shiftMs = 0;

class JumpingDate extends TrueDate {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(trueNow() + shiftMs);
    else super(...(parts as [number]));
  }

  static override now(): number {
    return trueNow() + shiftMs;
  }
}

if (file !== undefined) {
  const readShift = (): void => {
    shiftMs = Number(readFileSync(file, 'utf8'));
  };
  readShift();
  process.on('SIGUSR2', readShift);
  globalThis.Date = JumpingDate as DateConstructor;
}
