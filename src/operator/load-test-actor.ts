/** Carries out what the life of a load test asks for. Every deed may be done twice. */
import { FIELD_MANAGER, LABELS, LOAD_TEST_FINALIZER } from '../api/names.ts';
import { assert, never } from '../base/assert.ts';
import type { Log } from '../base/log.ts';
import type { LoadTestAction, LoadTestPod } from '../core/load-test-seen.ts';
import type { KubeClient } from '../kube/client.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from '../kube/errors.ts';
import type { KubeObject, NewObject } from '../kube/kinds.ts';
import { PODS, type ResourceType, SECRETS } from '../kube/resource.ts';
import { coordinatorJob, generatorsJob } from '../manifests/load-test-jobs.ts';
import { loadTestNames, loadTestOwner } from '../manifests/load-test-meta.ts';
import {
  loadTestMetricsLogin,
  loadTestResult,
  loadTestRole,
  loadTestRoleBinding,
  loadTestScenario,
  loadTestServiceAccount,
} from '../manifests/load-test-objects.ts';
import type { LoadTestView } from './load-test-look.ts';
import { jobTarget, loginToCopy, sweepLoadTest } from './load-test-target.ts';
import { JOBS, LOAD_TESTS, RESULT_MAPS, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS } from './load-test-type.ts';

export interface LoadTestActorParts {
  readonly client: KubeClient;
  readonly log: Log;
  /** Image of the operator itself; `undefined` where it was not told. */
  readonly image: string | undefined;
}

/** All but those whose outcome is told. */
export type Deed = Exclude<LoadTestAction, { kind: 'PublishProfile' }>;

type EndAction = Extract<LoadTestAction, { kind: 'EndJobs' | 'EndGenerators' | 'SweepRooms' | 'OwnResult' }>;

const endKinds: ReadonlySet<string> = new Set<EndAction['kind']>([
  'EndJobs',
  'EndGenerators',
  'SweepRooms',
  'OwnResult',
]);

function isAtEnd(action: Deed): action is EndAction {
  return endKinds.has(action.kind);
}

export class LoadTestActor {
  readonly #parts: LoadTestActorParts;

  constructor(parts: LoadTestActorParts) {
    this.#parts = parts;
  }

  /** @throws ApiError */
  async act(action: Deed, view: LoadTestView): Promise<void> {
    if (isAtEnd(action)) return await this.#actAtEnd(action, view);
    switch (action.kind) {
      case 'Hold':
      case 'Release':
      case 'Delete':
        return await this.#actOnTest(action.kind, view);
      case 'Lend':
        return await this.#lend(view, action.pod);
      case 'GiveBack':
        return await giveBack(this.#parts.client, view.test.metadata.namespace, action.pod);
      case 'Start':
        return await this.#start(view);
      case 'AskAbort':
        return await this.#patchResult(view, { data: { abort: 'true' } });
      default:
        return never(action);
    }
  }

  async #actAtEnd(action: EndAction, view: LoadTestView): Promise<void> {
    const { metadata } = view.test;
    switch (action.kind) {
      case 'EndJobs':
        return await this.#endJobs(view);
      case 'EndGenerators':
        return await this.#deleteJob({
          name: loadTestNames(metadata).generators,
          namespace: metadata.namespace,
        });
      case 'SweepRooms':
        return await sweepLoadTest(this.#parts, view);
      case 'OwnResult':
        return await this.#patchResult(view, {
          metadata: { ownerReferences: action.owned ? [loadTestOwner(metadata)] : null },
        });
      default:
        return never(action);
    }
  }

  async #actOnTest(kind: 'Hold' | 'Release' | 'Delete', view: LoadTestView): Promise<void> {
    if (kind === 'Delete') return await this.#delete(view);
    return await this.#setFinalizer(view, kind === 'Hold');
  }

  async #setFinalizer({ test }: LoadTestView, held: boolean): Promise<void> {
    const { name, namespace, uid, resourceVersion, finalizers = [] } = test.metadata;
    const others = finalizers.filter((one) => one !== LOAD_TEST_FINALIZER);
    const patch = {
      metadata: { uid, resourceVersion, finalizers: held ? [...others, LOAD_TEST_FINALIZER] : others },
    };
    try {
      await this.#parts.client.patchMerge(LOAD_TESTS, { name, namespace }, patch, {
        fieldManager: FIELD_MANAGER,
      });
    } catch (error) {
      // One that is gone, or changed meanwhile, is looked at again anyway.
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
    }
  }

  /** Exactly this Pod, and only while it is not lent to anybody else. */
  async #lend({ test, pod }: LoadTestView, { name, uid }: LoadTestPod): Promise<void> {
    const { name: loadTest, namespace } = test.metadata;
    const resourceVersion = pod?.metadata.resourceVersion;
    const patch = { metadata: { uid, resourceVersion, labels: { [LABELS.underTest]: loadTest } } };
    try {
      await this.#parts.client.patchMerge(PODS, { name, namespace }, patch, { fieldManager: FIELD_MANAGER });
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
    }
  }

  async #start(view: LoadTestView): Promise<void> {
    const { test, scenario } = view;
    const { metadata, spec } = test;
    const image = spec.generators.image ?? this.#parts.image;
    assert(image !== undefined, 'without an image the test has ended before');
    const input = { owner: metadata, spec, image, target: jobTarget(view) };
    // Generators are made last; whether the API server will take them is known before anything is.
    await this.#create(JOBS, generatorsJob(input, '127.0.0.1'), { dryRun: true });
    // What the Pods need comes before the Pods.
    await this.#create(SERVICE_ACCOUNTS, loadTestServiceAccount(metadata));
    await this.#create(ROLES, loadTestRole(metadata));
    await this.#create(ROLE_BINDINGS, loadTestRoleBinding(metadata));
    if (scenario !== undefined) await this.#create(RESULT_MAPS, loadTestScenario(metadata, scenario));
    await this.#create(RESULT_MAPS, loadTestResult(metadata, spec.cleanup.policy));
    const login = loginToCopy(view);
    if (login !== undefined) await this.#create(SECRETS, loadTestMetricsLogin(metadata, login));
    await this.#create(JOBS, coordinatorJob(input));
    const { address } = view.seen;
    if (address !== undefined) await this.#create(JOBS, generatorsJob(input, address));
  }

  /** One that exists is as it was made: nothing in it depends on what may change. */
  async #create<T extends KubeObject>(
    type: ResourceType<T>,
    object: NewObject,
    how: { readonly dryRun?: boolean } = {},
  ): Promise<void> {
    try {
      await this.#parts.client.create(type, object, { fieldManager: FIELD_MANAGER, ...how });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
    }
  }

  async #patchResult({ test }: LoadTestView, patch: object): Promise<void> {
    const { namespace } = test.metadata;
    const name = loadTestNames(test.metadata).result;
    try {
      await this.#parts.client.patchMerge(RESULT_MAPS, { name, namespace }, patch, {
        fieldManager: FIELD_MANAGER,
      });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async #endJobs({ test, seen }: LoadTestView): Promise<void> {
    const { namespace } = test.metadata;
    const { coordinator, generators } = loadTestNames(test.metadata);
    const jobs = [
      { name: coordinator, job: seen.coordinator },
      { name: generators, job: seen.workers },
    ];
    for (const { name, job } of jobs) {
      if (job?.state !== 'Active') continue;
      await this.#deleteJob({ name, namespace });
    }
  }

  async #deleteJob(ref: { readonly name: string; readonly namespace: string }): Promise<void> {
    try {
      // Only so are its Pods deleted with it: by itself a Job leaves them behind.
      await this.#parts.client.delete(JOBS, ref, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async #delete({ test }: LoadTestView): Promise<void> {
    const { name, namespace, uid } = test.metadata;
    try {
      await this.#parts.client.delete(
        LOAD_TESTS,
        { name, namespace },
        { uid, propagationPolicy: 'Background' },
      );
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
    }
  }
}

/** The Media Node belongs to its fleet again. One that is gone needs nothing. @throws ApiError */
export async function giveBack(
  client: KubeClient,
  namespace: string,
  { name, uid }: Pick<LoadTestPod, 'name' | 'uid'>,
): Promise<void> {
  const patch = { metadata: { uid, labels: { [LABELS.underTest]: null } } };
  try {
    await client.patchMerge(PODS, { name, namespace }, patch, { fieldManager: FIELD_MANAGER });
  } catch (error) {
    // Another Pod of that name was never lent.
    if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
  }
}
