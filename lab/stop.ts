import type { Cluster } from './cluster/cluster.ts';

/** Ctrl-C takes everything down, also what was to be kept running. @returns whether that has begun */
export function stopOnSignals(cluster: Cluster): () => boolean {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    console.log('\nstopping, and taking everything down');
    void cluster.stop().finally(() => process.exit(130));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return () => stopping;
}
