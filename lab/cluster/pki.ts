import { generateKeyPair } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SlotNames } from './names.ts';
import { allDone, run } from '../exec.ts';

interface Certificate {
  readonly file: string;
  readonly subject: string;
  readonly usage: 'clientAuth' | 'serverAuth';
  readonly names?: string;
}

const clients = [
  { file: 'admin', subject: '/O=system:masters/CN=admin' },
  { file: 'controllers', subject: '/CN=system:kube-controller-manager' },
  { file: 'scheduler', subject: '/CN=system:kube-scheduler' },
  { file: 'apiserver-kubelet', subject: '/O=system:masters/CN=kube-apiserver-kubelet' },
] as const;

/** A certificate authority, the certificates of the control plane and a kubeconfig for each client. */
export async function makePki(names: SlotNames): Promise<void> {
  await mkdir(names.pkiDir, { recursive: true, mode: 0o700 });
  await makeAuthority(names.pkiDir);
  const server: Certificate = {
    file: 'apiserver',
    subject: '/CN=kube-apiserver',
    usage: 'serverAuth',
    names: `DNS:kubernetes.default.svc,IP:${names.apiIp}`,
  };
  await allDone([
    makeCertificate(names, server),
    ...clients.map((client) => makeCertificate(names, { ...client, usage: 'clientAuth' })),
    makeServiceAccountKey(names.pkiDir),
  ]);
}

/** The kubelet's identity, under which the Node authorizer lets it see only its own Pods. */
export async function makeNodeCertificate(names: SlotNames, node: string): Promise<void> {
  const subject = `/O=system:nodes/CN=system:node:${node}`;
  await makeCertificate(names, { file: node, subject, usage: 'clientAuth' });
}

export function kubeconfigPath(names: SlotNames, client: string): string {
  return join(names.pkiDir, `${client}.kubeconfig`);
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650'];

async function makeAuthority(dir: string): Promise<void> {
  await writeFile(join(dir, 'ca.cnf'), config('CA:TRUE', ['keyUsage = critical,keyCertSign,cRLSign']));
  const files = ['-config', join(dir, 'ca.cnf'), '-keyout', join(dir, 'ca.key'), '-out', join(dir, 'ca.crt')];
  await run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=lab-ca', ...files]);
}

async function makeCertificate(names: SlotNames, certificate: Certificate): Promise<void> {
  const path = (ending: string) => join(names.pkiDir, `${certificate.file}.${ending}`);
  const extensions = ['keyUsage = critical,digitalSignature', `extendedKeyUsage = ${certificate.usage}`];
  if (certificate.names !== undefined) extensions.push(`subjectAltName = ${certificate.names}`);
  await writeFile(path('cnf'), config('CA:FALSE', extensions));
  const authority = ['-CA', join(names.pkiDir, 'ca.crt'), '-CAkey', join(names.pkiDir, 'ca.key')];
  const files = ['-config', path('cnf'), '-keyout', path('key'), '-out', path('crt')];
  await run('openssl', ['req', '-x509', ...newKey, ...authority, '-subj', certificate.subject, ...files]);
  if (certificate.usage === 'clientAuth') await makeKubeconfig(names, certificate.file);
}

function config(constraints: string, extensions: readonly string[]): string {
  const head = ['[req]', 'distinguished_name = dn', 'x509_extensions = ext', '[dn]', '[ext]'];
  return [...head, `basicConstraints = critical,${constraints}`, ...extensions, ''].join('\n');
}

async function makeKubeconfig(names: SlotNames, client: string): Promise<void> {
  const data = async (file: string) => (await readFile(join(names.pkiDir, file))).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: client } }],
    clusters: [
      { name: 'lab', cluster: { server: names.apiUrl, 'certificate-authority-data': await data('ca.crt') } },
    ],
    users: [
      {
        name: client,
        user: {
          'client-certificate-data': await data(`${client}.crt`),
          'client-key-data': await data(`${client}.key`),
        },
      },
    ],
  };
  await writeFile(kubeconfigPath(names, client), JSON.stringify(kubeconfig, null, 2), { mode: 0o600 });
}

async function makeServiceAccountKey(dir: string): Promise<void> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(join(dir, 'sa.key'), privateKey, { mode: 0o600 });
  await writeFile(join(dir, 'sa.pub'), publicKey);
}
