import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, hasCommand, LabError, run, type Say } from './exec.ts';
import { binDir, root } from './paths.ts';

const toolsDir = join(root, 'tools');
const kubernetes = 'v1.36.3';
const versionPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
const versionFlags = versionPackages.map((name) =>
  [
    `-X ${name}.gitVersion=${kubernetes}`,
    `-X ${name}.gitMajor=1`,
    `-X ${name}.gitMinor=36`,
    `-X ${name}.gitTreeState=clean`,
    `-X ${name}.buildDate=1970-01-01T00:00:00Z`,
  ].join(' '),
);
// Without inlining and DWARF the build takes a quarter less time; the lab measures decisions, not Go code.
const flags = ['-trimpath', '-gcflags=all=-l -dwarf=false', '-ldflags', `-s -w ${versionFlags.join(' ')}`];
const environment = { GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };

const command = 'k8s.io/kubernetes/cmd';
const packages = {
  pause: './pause',
  'kube-apiserver': `${command}/kube-apiserver`,
  'kube-controller-manager': `${command}/kube-controller-manager`,
  'kube-scheduler': `${command}/kube-scheduler`,
  kubectl: `${command}/kubectl`,
  kubelet: `${command}/kubelet`,
  'livekit-server': 'github.com/livekit/livekit-server/cmd/server',
  helm: 'helm.sh/helm/v3/cmd/helm',
} as const;

export type GoTool = keyof typeof packages;
export const clusterTools: readonly GoTool[] = [
  'pause',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kubelet',
  'livekit-server',
];
export const allTools: readonly GoTool[] = [...clusterTools, 'helm'];

/** Builds what is missing or out of date into `build/bin`. @throws LabError with the remedy. */
export async function ensureGoTools(tools: readonly GoTool[], say: Say): Promise<void> {
  if (!(await hasCommand('go'))) {
    throw new LabError('Go is missing: install Go 1.26 or newer (https://go.dev/dl) and run this again.');
  }
  const stamp = await stampOf();
  const stale: GoTool[] = [];
  for (const tool of tools) if (!(await isFresh(tool, stamp))) stale.push(tool);
  if (stale.length === 0) return;
  await mkdir(join(binDir, '.stamp'), { recursive: true });
  if (stale.includes('kube-apiserver')) {
    say('building Kubernetes parts and the media server from source, about 6 minutes the first time');
  }
  await download(say);
  for (const tool of stale) await build(tool, stamp, say);
}

async function stampOf(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'pause/main.go']) hash.update(await readFile(join(toolsDir, file)));
  hash.update(
    JSON.stringify([flags, environment, await run('go', ['env', 'GOVERSION'], { env: environment })]),
  );
  return hash.digest('hex');
}

async function isFresh(tool: GoTool, stamp: string): Promise<boolean> {
  const known = await readFile(join(binDir, '.stamp', tool), 'utf8').catch(() => '');
  const binary = await stat(join(binDir, tool)).catch(() => undefined);
  return known === stamp && binary !== undefined;
}

async function download(say: Say): Promise<void> {
  say('fetching Go modules');
  await go(['mod', 'download'], say).catch((error: unknown) => {
    throw new LabError(
      `The Go modules could not be fetched: check the network and GOPROXY, then run this again (${tail(error)}).`,
    );
  });
}

async function build(tool: GoTool, stamp: string, say: Say): Promise<void> {
  say(`building ${tool}`);
  const partial = join(binDir, `.${tool}.partial`);
  try {
    await go(['build', ...flags, '-o', partial, packages[tool]], say);
  } catch (error) {
    await rm(partial, { force: true });
    throw new LabError(
      `${tool} did not build: free some disk space and memory (it takes 4 GB of disk) and run this again (${tail(error)}).`,
    );
  }
  // The rename makes an interrupted build invisible, also to a running cluster that executes the old file.
  await rename(partial, join(binDir, tool));
  await writeFile(join(binDir, '.stamp', tool), stamp);
}

function tail(error: unknown): string {
  return error instanceof CommandError ? error.output.slice(-400).replaceAll('\n', ' ') : String(error);
}

/** Go with a sign of life each minute, because one package can take several. */
async function go(args: readonly string[], say: Say): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn('go', args, {
    cwd: toolsDir,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = `${output}${chunk.toString()}`.slice(-4000);
  });
  const timer = setInterval(() => say('still compiling'), 60_000);
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve();
    else reject(new CommandError(`go ${args[0] ?? ''}`, `code ${code}`, output.trim()));
  });
  try {
    await promise;
  } finally {
    clearInterval(timer);
  }
}
