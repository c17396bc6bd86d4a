/**
 * Stand-ins for the companions of a Media Node: containers that serve the pages on which a LiveKit egress, ingress or
 * worker of agents tells what it does, and that are told from outside whether they have a job.
 */
import type { JsonObject } from '../src/base/json-object.ts';
import { agentWorker, egressMetrics, egressStatus, ingressMetrics } from './companion-pages.ts';
import { LabError } from './exec.ts';
import { images } from './image.ts';

interface Page {
  readonly idle: string;
  readonly busy: string;
}

/** By kind and path. */
const pages = {
  egress: {
    '/': { idle: egressStatus(), busy: egressStatus('EG_lab') },
    '/metrics': {
      idle: egressMetrics({ requests: {}, active: 0 }),
      busy: egressMetrics({ requests: { room_composite: 1 }, active: 1 }),
    },
  },
  ingress: { '/metrics': { idle: ingressMetrics({}), busy: ingressMetrics({ rtmp: 1 }) } },
  agent: { '/worker': { idle: agentWorker(0), busy: agentWorker(1) } },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Page>>>>;

type Kind = keyof typeof pages;

/** A container for the template of a Media Node. It needs the operator's image, which brings Node.js. */
export function companion(name: Kind, port: number): JsonObject {
  return { name, ...standIn(name, [port]), ports: [{ name: 'metrics', containerPort: port }] };
}

/** What a container needs to answer as that companion on these ports. */
export function standIn(kind: Kind, ports: readonly number[]): JsonObject {
  const program = `
    const pages = ${JSON.stringify(pages[kind])};
    let state = 'idle';
    process.on('SIGTERM', () => process.exit());
    const answer = ({ url }, response) => {
      const order = { '/be/idle': 'idle', '/be/busy': 'busy' }[url];
      if (order) state = order;
      else if (!pages[url]) response.statusCode = 404;
      response.end(pages[url]?.[state]);
    };
    for (const port of ${JSON.stringify(ports)}) require('node:http').createServer(answer).listen(port);`;
  const command = ['/usr/local/bin/node', '-e', program];
  return { image: images.operator, imagePullPolicy: 'Never', command };
}

/** Gives the companion of that Pod a job, or ends it. @throws LabError when it does not answer. */
export async function setBusy(podIp: string, port: number, isBusy: boolean): Promise<void> {
  const answer = await fetch(`http://${podIp}:${port}/be/${isBusy ? 'busy' : 'idle'}`).catch(
    (error: unknown) => error,
  );
  if (answer instanceof Response && answer.ok) return;
  throw new LabError(`The companion at ${podIp}:${port} does not answer: ${String(answer)}`);
}
