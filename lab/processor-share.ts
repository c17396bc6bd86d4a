/**
 * Goes before others when the processor is scarce, as a Pod's request for it would let it: for whatever must not be
 * judged by how busy the machine of the tests is. It needs a session of its own, and without the right it changes nothing.
 */
import { writeFileSync } from 'node:fs';

const file = '/proc/self/autogroup';
const niceness = '-10';

/** To be put before a command with its arguments. */
export const amply: readonly string[] = [
  'sh',
  '-c',
  `echo ${niceness} 2>/dev/null >${file}; exec "$@"`,
  'amply',
];

/** For this process, which leads its session. */
export function takeAmpleShare(): void {
  try {
    writeFileSync(file, niceness);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return;
    throw error;
  }
}
