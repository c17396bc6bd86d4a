import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, hasCommand, LabError, run, type Say } from './exec.ts';
import { binDir, root } from './paths.ts';

const toolsDir = join(root, 'tools');

/** Modules with versions of their own: one binary of the next minor version is there to upgrade to. */
const modules = {
  tools: { dir: toolsDir, files: ['go.mod', 'go.sum', 'pause/main.go'], kubernetes: 'v1.36.3' },
  next: { dir: join(toolsDir, 'next'), files: ['go.mod', 'go.sum'], kubernetes: 'v1.37.2' },
} as const;
type ModuleName = keyof typeof modules;
type Module = (typeof modules)[ModuleName];

const versionPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];

function flagsOf({ kubernetes }: Module): readonly string[] {
  const [, minor] = kubernetes.split('.');
  const versionFlags = versionPackages.map((name) =>
    [
      `-X ${name}.gitVersion=${kubernetes}`,
      `-X ${name}.gitMajor=1`,
      `-X ${name}.gitMinor=${minor}`,
      `-X ${name}.gitTreeState=clean`,
      `-X ${name}.buildDate=1970-01-01T00:00:00Z`,
    ].join(' '),
  );
  // Without inlining and DWARF the build takes a quarter less time; the lab measures decisions, not Go code.
  return ['-trimpath', '-gcflags=all=-l -dwarf=false', '-ldflags', `-s -w ${versionFlags.join(' ')}`];
}

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
  'kube-apiserver-next': `${command}/kube-apiserver`,
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
export const allTools: readonly GoTool[] = [...clusterTools, 'helm', 'kube-apiserver-next'];

/** Builds what is missing or out of date into `build/bin`. @throws LabError with the remedy. */
export async function ensureGoTools(tools: readonly GoTool[], say: Say): Promise<void> {
  if (!(await hasCommand('go'))) {
    throw new LabError('Go is missing: install Go 1.26 or newer (https://go.dev/dl) and run this again.');
  }
  const goVersion = await run('go', ['env', 'GOVERSION'], { env: environment });
  const stamps: Readonly<Record<ModuleName, string>> = {
    tools: await stampOf(modules.tools, goVersion),
    next: await stampOf(modules.next, goVersion),
  };
  const stale: GoTool[] = [];
  for (const tool of tools) if (!(await isFresh(tool, stamps[moduleOf(tool)]))) stale.push(tool);
  if (stale.length === 0) return;
  await mkdir(join(binDir, '.stamp'), { recursive: true });
  if (stale.includes('kube-apiserver')) {
    say('building Kubernetes parts and the media server from source, about 6 minutes the first time');
  }
  for (const name of new Set(stale.map(moduleOf))) await download(modules[name], say);
  for (const tool of stale) await build(tool, stamps[moduleOf(tool)], say);
}

function moduleOf(tool: GoTool): ModuleName {
  return tool === 'kube-apiserver-next' ? 'next' : 'tools';
}

async function stampOf(module: Module, goVersion: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of module.files) hash.update(await readFile(join(module.dir, file)));
  hash.update(JSON.stringify([flagsOf(module), environment, goVersion]));
  return hash.digest('hex');
}

async function isFresh(tool: GoTool, stamp: string): Promise<boolean> {
  const known = await readFile(join(binDir, '.stamp', tool), 'utf8').catch(() => '');
  const binary = await stat(join(binDir, tool)).catch(() => undefined);
  return known === stamp && binary !== undefined;
}

async function download({ dir }: Module, say: Say): Promise<void> {
  say('fetching Go modules');
  await go(dir, ['mod', 'download'], say).catch((error: unknown) => {
    throw new LabError(
      `The Go modules could not be fetched: check the network and GOPROXY, then run this again (${tail(error)}).`,
    );
  });
}

async function build(tool: GoTool, stamp: string, say: Say): Promise<void> {
  const module = modules[moduleOf(tool)];
  say(`building ${tool}`);
  const partial = join(binDir, `.${tool}.partial`);
  try {
    await go(module.dir, ['build', ...flagsOf(module), '-o', partial, packages[tool]], say);
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
async function go(dir: string, args: readonly string[], say: Say): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn('go', args, {
    cwd: dir,
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
