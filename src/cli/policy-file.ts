/** A policy in a file: an OpenViduCluster, or only its spec.autoscaling, checked and filled in as the API server would. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { KIND } from '../api/names.ts';
import { compileSpec } from '../core/compile-spec.ts';
import type { ClusterSpec } from '../core/spec.ts';
import { inSentence, UsageError } from './cli-error.ts';
import { firstFault, type Path, pathOf, pathText } from './crd-check.ts';
import { isRecord, withDefaults } from './crd-defaults.ts';
import { clusterSchema, schemaAt } from './crd-schema.ts';
import { readYamlFile, type YamlDocument } from './yaml-file.ts';
import { isTimeZone } from '../core/time-zone.ts';

export type Resource = OpenViduCluster['spec'];

/** Makes an error about a field of the resource that names where it was given. */
export type FaultAt = (field: string, says: string) => UsageError;

export interface ReadPolicy {
  readonly resource: Resource;
  /** Whether it was a whole manifest, which also says how large the fleet may be. */
  readonly isManifest: boolean;
  readonly fault: FaultAt;
}

/** @throws UsageError with line and column */
export function readPolicy(path: string): ReadPolicy {
  return policyIn(path, readYamlFile(path));
}

/** The policy among these documents of a file. @throws UsageError with line and column */
export function policyIn(path: string, documents: readonly YamlDocument[]): ReadPolicy {
  const manifest = documents.find(({ value }) => isRecord(value) && value['kind'] === KIND);
  if (manifest !== undefined) return fromManifest(manifest);
  const [document, another] = documents;
  if (document === undefined) {
    throw new UsageError(`${path} is empty: write an OpenViduCluster or its spec.autoscaling into it.`);
  }
  if (another !== undefined) {
    throw new UsageError(`${path} has several documents and none is an ${KIND}: keep one.`);
  }
  return fromAutoscaling(document);
}

/** The product's policy with the defaults of the resource. */
export function defaultPolicy(): ReadPolicy {
  const resource = withDefaults(bareSpec({}), specSchema()) as Resource;
  return { resource, isManifest: false, fault: faultOf('governor') };
}

function specSchema() {
  return schemaAt(clusterSchema(), ['spec']);
}

/** What a spec needs besides its policy, so that it is complete; no decision depends on it. */
export function bareSpec(autoscaling: unknown) {
  return {
    redis: { standalone: { address: 'redis:6379' } },
    server: { credentialsSecretRef: { name: 'none' } },
    mediaNodes: { min: 1, max: 1, template: { spec: { containers: [{ name: 'livekit' }] } } },
    autoscaling,
  };
}

function fromManifest(document: YamlDocument): ReadPolicy {
  const whole: Placed = { prefix: [], at: [] };
  mustFit(document, document.value, whole);
  const { spec } = withDefaults(document.value, clusterSchema()) as OpenViduCluster;
  return { resource: spec, isManifest: true, fault: faultIn(document, whole) };
}

/** The part is put into a spec that lacks nothing else, so that one schema judges both forms. */
function fromAutoscaling(document: YamlDocument): ReadPolicy {
  const { value } = document;
  if (!isRecord(value)) {
    throw document.fault([], 'Value', 'this is no policy: write an OpenViduCluster or its spec.autoscaling');
  }
  if (value['apiVersion'] !== undefined || value['kind'] !== undefined) {
    throw document.fault(['kind'], 'Value', `kind must be ${KIND}: name the file of one`);
  }
  const inner = Object.keys(value).length === 1 ? value['autoscaling'] : undefined;
  const placed: Placed = {
    prefix: isRecord(inner) ? ['autoscaling'] : [],
    at: ['spec', 'autoscaling'],
  };
  const whole = { kind: KIND, spec: bareSpec(isRecord(inner) ? inner : value) };
  mustFit(document, whole, placed);
  const resource = withDefaults(whole.spec, specSchema()) as Resource;
  return { resource, isManifest: false, fault: faultIn(document, placed) };
}

/** Where a document's fields are in the whole resource: what lies under `at` there begins at `prefix` here. */
interface Placed {
  readonly prefix: Path;
  readonly at: Path;
}

function mustFit(document: YamlDocument, whole: unknown, { prefix, at }: Placed): void {
  const fault = firstFault(whole, clusterSchema());
  if (fault === undefined) return;
  const path = [...prefix, ...fault.path.slice(at.length)];
  throw document.fault(path, fault.of, `${pathText(fault.path)} ${fault.says}`);
}

function faultIn(document: YamlDocument, { prefix, at }: Placed): FaultAt {
  return (field, says) => {
    const path = pathOf(field);
    const isGiven = at.every((part, index) => path[index] === part);
    const inDocument = isGiven ? [...prefix, ...path.slice(at.length)] : [];
    return document.fault(inDocument, 'Value', `${field}: ${inSentence(says, 1000)}`);
  };
}

/** For a policy that is not in a file. */
export function faultOf(source: string): FaultAt {
  return (field, says) => new UsageError(`${source}: ${field}: ${inSentence(says, 1000)}.`);
}

/**
 * As the core reads it. The operator would report faults in a condition; here they would make the figures worthless.
 * @throws UsageError for the first fault
 */
export function compiledSpec(resource: Resource, fault: FaultAt): ClusterSpec {
  const { spec, problems } = compileSpec(resource, {
    knownTimeZone: isTimeZone,
    revision: 'simulated',
    deleting: false,
  });
  const [problem] = problems;
  if (problem !== undefined) throw fault(problem.field, problem.message);
  return spec;
}
