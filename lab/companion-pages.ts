/**
 * Pages of companions as their programs write them. None of the programs can be built here (egress and ingress need
 * GStreamer), so each page is held against the source that writes it; `test/livekit/companion-words.test.ts` says which.
 */

export interface EgressState {
  readonly requests: Readonly<Record<string, number>>;
  /** Accepted requests that are not over; more than the handlers at the beginning and at the end of one. */
  readonly active: number;
  readonly disabled?: boolean;
  readonly terminating?: boolean;
}

const egressLabels = 'cluster_id="",node_id="NE_a"';

/** `/metrics` of livekit/egress at e948d1e: pkg/stats/monitor_prom.go:26-134 and :202-234. */
export function egressMetrics({ requests, active, disabled, terminating }: EgressState): string {
  return lines(
    `livekit_egress_available{${egressLabels}} ${Number(active === 0)}`,
    `livekit_egress_can_accept_request{${egressLabels}} ${Number(disabled !== true)}`,
    `livekit_egress_is_disabled{${egressLabels}} ${Number(disabled === true)}`,
    `livekit_egress_is_terminating{${egressLabels}} ${Number(terminating === true)}`,
    `livekit_node_cpu_load{${egressLabels},node_type="EGRESS"} 0.25`,
    ...Object.entries(requests).map(
      ([type, count]) => `livekit_egress_requests{${egressLabels},type="${type}"} ${count}`,
    ),
  );
}

/** `/` on the health port of livekit/egress at e948d1e: pkg/server/server.go:171-177, pkg/service/process.go:221-228. */
export function egressStatus(...egressIds: readonly string[]): string {
  const running = Object.fromEntries(egressIds.map((id) => [id, { Web: { url: 'https://example.com' } }]));
  return JSON.stringify({ CpuLoad: 3.2, ...running });
}

/** `/metrics` of livekit/ingress at 19017c8: pkg/stats/monitor.go:81-112 and :365-386. */
export function ingressMetrics(requests: Readonly<Record<string, number>>, canAccept = true): string {
  return lines(
    `livekit_ingress_available{node_id="NI_a"} ${Number(canAccept)}`,
    `livekit_node_cpu_load{node_id="NI_a",node_type="INGRESS"} 0.25`,
    ...Object.entries(requests).map(
      ([type, count]) =>
        `livekit_ingress_requests{node_id="NI_a",transcoding="true",type="${type}"} ${count}`,
    ),
  );
}

/** `/worker` of livekit/agents at da6af86: livekit-agents/livekit/agents/worker.py:660-673. Zero is left out. */
export function agentWorker(activeJobs: number): string {
  const jobs = activeJobs === 0 ? {} : { active_jobs: activeJobs };
  return JSON.stringify({ worker_type: 'JT_ROOM', ...jobs, sdk_version: '1.8.2', protocol_version: 1 });
}

function lines(...samples: readonly string[]): string {
  return `${samples.join('\n')}\n`;
}
