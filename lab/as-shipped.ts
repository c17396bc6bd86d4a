/** Runs a measuring program with the options of the shipped operator: what is measured otherwise is another program. */
import { spawnSync } from 'node:child_process';
import { nodeFlags } from './image-operator.ts';

/** Starts this program anew where it runs without them, and ends with it. */
export function asShipped(): void {
  if (nodeFlags.every((flag) => process.execArgv.includes(flag))) return;
  const args = [...process.execArgv, ...nodeFlags, ...process.argv.slice(1)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  process.exit(status ?? 1);
}
