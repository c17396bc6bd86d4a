/** What a coordinator in a Pod is told, all of it through its environment. */
import type { MetricsLogin } from './node-probe.ts';
import type { Keys } from './signal.ts';

export interface CoordinatorEnv {
  readonly name: string;
  readonly runId: string;
  readonly scenarioFile: string;
  readonly recordDir: string;
  readonly url: string;
  readonly metricsUrl: string | undefined;
  readonly metricsLogin: MetricsLogin;
  readonly nodeId: string | undefined;
  readonly keys: Keys;
  readonly workers: number;
  readonly port: number;
  readonly serverCores: number | undefined;
  readonly serverMemoryBytes: number | undefined;
  readonly serverCpu: string | undefined;
  readonly allowSharedTarget: boolean;
  readonly repetitions: number | undefined;
  readonly deadlineMs: number | undefined;
  readonly wantsProfile: boolean;
  /** Where progress and result go; undefined outside of a cluster. */
  readonly result: { readonly namespace: string; readonly configMap: string } | undefined;
}

/** A variable is missing or makes no sense. The message names it. */
export class CoordinatorEnvError extends Error {
  override readonly name = 'CoordinatorEnvError';
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws CoordinatorEnvError */
export function readEnv(env: Env): CoordinatorEnv {
  const text = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const needed = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new CoordinatorEnvError(`${name} is missing`);
    return value;
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    const parsed = Number(value);
    if (Number.isFinite(parsed) && parsed >= 0) return parsed;
    throw new CoordinatorEnvError(`${name} is no number: ${value.slice(0, 40)}`);
  };
  const configMap = text('OVLT_RESULT_CONFIGMAP');
  const seconds = number('OVLT_DEADLINE_SECONDS');
  return {
    name: text('OVLT_NAME') ?? 'load-test',
    runId: needed('OVLT_RUN_ID'),
    scenarioFile: needed('OVLT_SCENARIO'),
    recordDir: needed('OVLT_RECORD_DIR'),
    url: needed('OVLT_URL'),
    metricsUrl: text('OVLT_METRICS_URL'),
    metricsLogin: loginOf(text('OVLT_METRICS_USERNAME'), text('OVLT_METRICS_PASSWORD')),
    nodeId: text('OVLT_NODE_ID'),
    keys: { apiKey: needed('LIVEKIT_API_KEY'), apiSecret: needed('LIVEKIT_API_SECRET') },
    workers: Math.max(1, number('OVLT_WORKERS') ?? 1),
    port: number('OVLT_PORT') ?? 7000,
    serverCores: number('OVLT_SERVER_CORES'),
    serverMemoryBytes: number('OVLT_SERVER_MEMORY_BYTES'),
    serverCpu: text('OVLT_SERVER_CPU'),
    allowSharedTarget: text('OVLT_ALLOW_SHARED_TARGET') === 'true',
    repetitions: number('OVLT_REPETITIONS'),
    deadlineMs: seconds === undefined ? undefined : seconds * 1000,
    wantsProfile: text('OVLT_PROFILE') === 'true',
    result: configMap === undefined ? undefined : { namespace: needed('POD_NAMESPACE'), configMap },
  };
}

function loginOf(username: string | undefined, password: string | undefined): MetricsLogin {
  if (username === undefined) return {};
  return password === undefined ? { username } : { username, password };
}
