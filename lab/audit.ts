/** The audit log of an API server: who wrote what, when, and with which answer. */
import { readFile, stat } from 'node:fs/promises';

export interface AuditLine {
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly user?: { readonly username?: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** What was written down after this many bytes. The last line may be half written, and is left out then. */
export async function readAudit(file: string, fromByte = 0): Promise<readonly AuditLine[]> {
  const all = await readFile(file);
  const lines = all.subarray(fromByte).toString('utf8').split('\n');
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as AuditLine);
}

/** How many bytes there are by now, to read on from later. */
export async function auditBytes(file: string): Promise<number> {
  return (await stat(file)).size;
}
