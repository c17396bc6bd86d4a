export type Labels = Readonly<Record<string, string>>;

/** The labels by which series tell which OpenViduCluster, named `namespace/name`, they are about. */
export function labelsOf(cluster: string): Labels {
  const [namespace = '', name = ''] = cluster.split('/');
  // Not `namespace`: Prometheus keeps that label for the namespace of the scraped Pod.
  return { cluster_namespace: namespace, cluster: name };
}
