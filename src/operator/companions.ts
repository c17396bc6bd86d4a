/** Which companions run beside the media server, and where they tell whether they are at work. */

export interface Companion {
  readonly name: 'egress' | 'ingress';
  readonly port: number;
}

/** Nothing answers here: a companion that cannot be asked is never taken for idle. */
const nowhere = 1;

/** Containers named egress or ingress, asked at their port named `metrics`. */
export function companionsOf(containers: readonly Readonly<Record<string, unknown>>[]): readonly Companion[] {
  return containers.flatMap((container) => {
    const name = container['name'];
    return name === 'egress' || name === 'ingress' ? [{ name, port: metricsPort(container['ports']) }] : [];
  });
}

function metricsPort(ports: unknown): number {
  const listed: readonly unknown[] = Array.isArray(ports) ? ports : [];
  for (const port of listed) {
    if (typeof port !== 'object' || port === null || !('name' in port) || !('containerPort' in port))
      continue;
    if (port.name === 'metrics' && typeof port.containerPort === 'number') return port.containerPort;
  }
  return nowhere;
}
