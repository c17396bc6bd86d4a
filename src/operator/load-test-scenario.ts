/** The text of a load test's scenario, and what is wrong with it, before anything is started. */
import type { OpenViduLoadTest } from '../api/v1alpha1.gen.ts';
import type { ScenarioSeen } from '../core/load-test-seen.ts';
import type { KubeClient } from '../kube/client.ts';
import { RESULT_MAPS } from './load-test-type.ts';

export interface ScenarioRead {
  readonly seen: ScenarioSeen;
  /** Only of a valid one. */
  readonly text: string | undefined;
}

/** @throws ApiError when the API server cannot be asked */
export async function readLoadTestScenario(
  client: Pick<KubeClient, 'find'>,
  test: OpenViduLoadTest,
): Promise<ScenarioRead> {
  const { inline, configMapRef } = test.spec.scenario;
  if (configMapRef === undefined) return await judged(inline ?? '', 'spec.scenario.inline');
  const { name, key } = configMapRef;
  const { namespace } = test.metadata;
  const found = await client.find(RESULT_MAPS, { name, namespace });
  if (found === undefined)
    return missing(`ConfigMap ${name} does not exist in namespace ${namespace}: create it.`);
  const text = found.data?.[key];
  if (text === undefined) return missing(`ConfigMap ${name} has no key ${key}: add it.`);
  return await judged(text, `ConfigMap ${name}, ${key}`);
}

/** The reader of scenarios is loaded with the first load test: most operators never see one. */
async function judged(text: string, where: string): Promise<ScenarioRead> {
  const { readScenario } = await import('../loadtest/read-scenario.ts');
  const read = readScenario(text);
  if (read.kind === 'Scenario') return { seen: { kind: 'Valid' }, text };
  const faults = read.problems.map(({ line, message }) =>
    line === undefined ? message : `Line ${line}: ${message}`,
  );
  return { seen: { kind: 'Invalid', message: `${where} has faults. ${faults.join(' ')}` }, text: undefined };
}

function missing(message: string): ScenarioRead {
  return { seen: { kind: 'Missing', message }, text: undefined };
}
