/** The programs of `make tools`, as a person runs them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { binary, type Plane } from '../../lab/plane/plane.ts';

const run = promisify(execFile);
const mostBytes = 16 * 1024 * 1024;

/** What the program prints. @throws Error with what it says on stderr, when it does not end with 0 */
export async function output(program: 'helm' | 'kubectl', args: readonly string[]): Promise<string> {
  const { stdout } = await run(binary(program), [...args], { maxBuffer: mostBytes });
  return stdout.trim();
}

/** The same of kubectl, as the administrator of that API server. */
export async function kubectl(plane: Plane, ...args: readonly string[]): Promise<string> {
  return await output('kubectl', [`--kubeconfig=${plane.kubeconfig}`, ...args]);
}
