/** A kubeconfig with one cluster and one user, as text. */
export interface KubeconfigWish {
  readonly server: string;
  readonly token: string;
  /** Of the authority: its file or its text. Without it nothing is verified, which is for proxies on loopback only. */
  readonly ca?: { readonly file: string } | { readonly pem: string } | undefined;
  readonly namespace?: string;
}

export function kubeconfigText({ server, token, ca, namespace }: KubeconfigWish): string {
  const context = { cluster: 'lab', user: 'lab', ...(namespace === undefined ? {} : { namespace }) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, ...authority(ca) } }],
    users: [{ name: 'lab', user: { token } }],
    contexts: [{ name: 'lab', context }],
    'current-context': 'lab',
  });
}

function authority(ca: KubeconfigWish['ca']): Readonly<Record<string, string | boolean>> {
  if (ca === undefined) return { 'insecure-skip-tls-verify': true };
  if ('file' in ca) return { 'certificate-authority': ca.file };
  return { 'certificate-authority-data': Buffer.from(ca.pem).toString('base64') };
}
