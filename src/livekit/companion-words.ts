/**
 * How the companions of a media server tell whether they are at work. Each page was read in the source of the
 * program that serves it; a page of anybody else is no word at all, and that is never taken for idle.
 */
import { never } from '../base/assert.ts';
import { type JsonObject, jsonObject } from '../base/json-object.ts';
import { parseMetrics } from './metrics-text.ts';

/** Which page it is, and so how it is read. */
export type CompanionWord =
  /** `/metrics` of an egress. */
  | { readonly kind: 'EgressMetrics' }
  /** `/` on the health port of an egress: a JSON object with an entry for each egress that runs. */
  | { readonly kind: 'EgressStatus' }
  /** `/metrics` of an ingress. */
  | { readonly kind: 'IngressMetrics' }
  /** `/worker` on the HTTP port of a LiveKit agents worker. */
  | { readonly kind: 'AgentWorker' }
  /** Any page of metrics: the sum of one of them. */
  | { readonly kind: 'Metric'; readonly metric: string };

/** One page on which a companion can be asked. */
export interface CompanionSource {
  readonly port: number;
  readonly path: string;
  readonly word: CompanionWord;
}

export interface CompanionTarget {
  /** Name of its container. */
  readonly name: string;
  /** None: it cannot be asked, so what it does is unknown. */
  readonly sources: readonly CompanionSource[];
}

/** Active jobs by this page; `undefined` when the page is not of such a companion. Never throws. */
export function activeJobs(word: CompanionWord, page: string): number | undefined {
  switch (word.kind) {
    case 'EgressMetrics':
      return countOf(egressJobs(sumsOf(page)));
    case 'IngressMetrics':
      return countOf(ingressJobs(sumsOf(page)));
    case 'EgressStatus':
      return egressesListed(jsonObject(page));
    case 'AgentWorker':
      return agentJobs(jsonObject(page));
    case 'Metric':
      return countOf(sumsOf(page).get(word.metric));
    default:
      return never(word);
  }
}

/** One honest word is enough, and work that any page shows is work; `undefined` when no page told anything. */
export function strongest(words: readonly (number | undefined)[]): number | undefined {
  const told = words.filter((word) => word !== undefined);
  return told.length === 0 ? undefined : Math.max(...told);
}

/**
 * The gauge of requests appears with the first job. `available` says in spite of its name whether nothing is
 * active, and covers the moments before and after a handler runs; it meant something else before
 * `can_accept_request` came. Draining or disabled makes no difference to either.
 */
function egressJobs(sums: Sums): number | undefined {
  const requests = sums.get('livekit_egress_requests');
  const available = sums.get('livekit_egress_available');
  if (requests === undefined && available === undefined) return undefined;
  const active = sums.has('livekit_egress_can_accept_request') && available === 0 ? 1 : 0;
  return Math.max(requests ?? 0, active);
}

/** Here `available` is about free processors, so it only shows that this is an ingress. */
function ingressJobs(sums: Sums): number | undefined {
  const requests = sums.get('livekit_ingress_requests');
  return requests ?? (sums.has('livekit_ingress_available') ? 0 : undefined);
}

/** Beside one entry for each egress the page has its processors, under a misleading name. */
function egressesListed(page: JsonObject | undefined): number | undefined {
  if (typeof page?.['CpuLoad'] !== 'number') return undefined;
  return Object.keys(page).length - 1;
}

/** The Python worker leaves out what is zero, so its own marks have to show that this is a worker. */
function agentJobs(page: JsonObject | undefined): number | undefined {
  if (typeof page?.['worker_type'] !== 'string' || typeof page['sdk_version'] !== 'string') return undefined;
  const jobs = page['active_jobs'] ?? 0;
  return typeof jobs === 'number' ? countOf(jobs) : undefined;
}

type Sums = ReadonlyMap<string, number>;

function sumsOf(page: string): Sums {
  const sums = new Map<string, number>();
  for (const { name, value } of parseMetrics(page)) sums.set(name, (sums.get(name) ?? 0) + value);
  return sums;
}

function countOf(jobs: number | undefined): number | undefined {
  return jobs !== undefined && Number.isFinite(jobs) && jobs >= 0 ? Math.ceil(jobs) : undefined;
}
