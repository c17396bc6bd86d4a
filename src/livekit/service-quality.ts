/** How well a media server serves, read from the counters on its metrics page. */
import type { ServiceQuality } from '../core/readings.ts';
import type { Sample } from './metrics-text.ts';

interface Sums {
  joinsStarted: number;
  joinsFailed: number;
  requests: number;
  requestErrors: number;
  lossSamples: number;
  lossPercentSum: number;
}

/**
 * Ends of a join. A client whose media does not connect gives up, which the server calls canceled as it calls
 * an impatient user, or is given up, which it calls a failure: tried on a real server, real clients do either.
 */
const joinFailed: ReadonlyMap<string, boolean> = new Map([
  ['rtc_success', false],
  ['rtc_failure', true],
  ['rtc_canceled', true],
]);

/** Steps of a negotiation that fail because the client is gone or sent nonsense: no fault of the server. */
const clientFaults: ReadonlySet<string> = new Set(['remote_description', 'write_message']);

type Take = (sums: Sums, sample: Sample) => void;

const takes: ReadonlyMap<string, Take> = new Map<string, Take>([
  ['livekit_participant_join_total', takeJoin],
  ['livekit_node_twirp_request_status', takeRequest],
  ['livekit_node_service_operation', takeOperation],
  [
    'livekit_packet_loss_percent_sum',
    (sums, { value }) => {
      sums.lossPercentSum += value;
    },
  ],
  [
    'livekit_packet_loss_percent_count',
    (sums, { value }) => {
      sums.lossSamples += value;
    },
  ],
]);

/** Adds up one page, sample by sample. */
export class QualityTally {
  readonly #sums: Sums = {
    joinsStarted: 0,
    joinsFailed: 0,
    requests: 0,
    requestErrors: 0,
    lossSamples: 0,
    lossPercentSum: 0,
  };
  #joinsTold = false;

  add(sample: Sample): void {
    const take = takes.get(sample.name);
    if (take === undefined || !Number.isFinite(sample.value) || sample.value < 0) return;
    this.#joinsTold ||= sample.name === 'livekit_participant_join_total';
    take(this.#sums, sample);
  }

  /**
   * The sums. Each series appears with its first event, so a page without them is of a server that has done
   * nothing yet; with people on it, it is of one that does not tell: `undefined`.
   */
  told(participants: number): ServiceQuality | undefined {
    return participants > 0 && !this.#joinsTold ? undefined : { ...this.#sums };
  }
}

/** Only joins that have come to an end count: one under way is neither good nor bad yet. */
function takeJoin(sums: Sums, { labels, value }: Sample): void {
  const failed = joinFailed.get(labels.get('state') ?? '');
  if (failed === undefined) return;
  sums.joinsStarted += value;
  if (failed) sums.joinsFailed += value;
}

function takeRequest(sums: Sums, { labels, value }: Sample): void {
  sums.requests += value;
  if (labels.get('status') === '5xx') sums.requestErrors += value;
}

function takeOperation(sums: Sums, { labels, value }: Sample): void {
  const isError = labels.get('status') === 'error';
  if (isError && clientFaults.has(labels.get('error_type') ?? '')) return;
  sums.requests += value;
  if (isError) sums.requestErrors += value;
}
