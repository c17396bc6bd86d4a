/**
 * Stand-ins for the companions of a Media Node: containers that serve the metrics page of a LiveKit egress or ingress,
 * and that are told from outside how many jobs they have.
 */
import type { JsonObject } from '../src/manifests/deep-merge.ts';
import { LabError } from './exec.ts';
import { images } from './image.ts';

/** Its page, with `JOBS` and `IDLE` (1 or 0) to be filled in; names and labels as the real programs have them. */
const pages = {
  egress: `# TYPE livekit_egress_available gauge
livekit_egress_available{cluster_id="",node_id="NE_lab"} IDLE
# TYPE livekit_egress_can_accept_request gauge
livekit_egress_can_accept_request{cluster_id="",node_id="NE_lab"} 1
# TYPE livekit_egress_requests gauge
livekit_egress_requests{cluster_id="",node_id="NE_lab",type="room_composite"} JOBS
`,
  ingress: `# TYPE livekit_ingress_available gauge
livekit_ingress_available{node_id="NI_lab"} 1
# TYPE livekit_ingress_requests gauge
livekit_ingress_requests{node_id="NI_lab",transcoding="true",type="rtmp"} JOBS
`,
} as const;

/** A container for the template of a Media Node. It needs the operator's image, which brings Node.js. */
export function companion(name: keyof typeof pages, port: number): JsonObject {
  const program = `
    let jobs = 0;
    process.on('SIGTERM', () => process.exit());
    require('node:http').createServer(({ url }, answer) => {
      const asked = /^\\/jobs\\/(\\d+)$/.exec(url);
      if (asked) jobs = Number(asked[1]);
      answer.end(${JSON.stringify(pages[name])}.replace('JOBS', jobs).replace('IDLE', jobs ? 0 : 1));
    }).listen(${port});`;
  return {
    name,
    image: images.operator,
    imagePullPolicy: 'Never',
    command: ['/usr/local/bin/node', '-e', program],
    ports: [{ name: 'metrics', containerPort: port }],
  };
}

/** Tells the companion of that Pod how many jobs it has. @throws LabError when it does not answer. */
export async function setJobs(podIp: string, port: number, jobs: number): Promise<void> {
  const answer = await fetch(`http://${podIp}:${port}/jobs/${jobs}`).catch((error: unknown) => error);
  if (answer instanceof Response && answer.ok) return;
  throw new LabError(`The companion at ${podIp}:${port} does not answer: ${String(answer)}`);
}
