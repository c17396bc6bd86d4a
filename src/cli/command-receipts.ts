import type { Command } from 'commander';
import type { ClusterLink, ClusterOptions } from './cluster-link.ts';
import { handle, type Shell } from './command.ts';
import { answer } from './output.ts';
import { type ReceiptFilter, type Receipts, readReceipts, receiptsText } from './receipts.ts';
import { duration, objectName } from './values.ts';

interface ReceiptsOptions extends ClusterOptions {
  readonly node?: string;
  readonly since?: number;
}

export function addReceipts(program: Command, shell: Shell): void {
  const command = program
    .command('receipts')
    .summary('List the removals of Media Nodes with their proofs.')
    .description(
      'Lists the removals of Media Nodes, oldest first: when, why, and what showed that nobody was there.',
    )
    .option('--node <name>', 'Only those of this Media Node.', objectName)
    .option('--since <duration>', 'Only those of this time past, such as 24h.', duration);
  handle<ReceiptsOptions>(shell, command, (options) => receipts(shell, options));
}

async function receipts({ io }: Shell, options: ReceiptsOptions): Promise<void> {
  const { withCluster, theCluster } = await import('./cluster-link.ts');
  await withCluster(options, async (link) => {
    const cluster = await theCluster(link, options);
    const sinceMs = options.since === undefined ? undefined : io.clock.wallMs() - options.since;
    const found = await receiptsOf(link, cluster.metadata.name, { node: options.node, sinceMs });
    await answer(io, options, found, receiptsText);
  });
}

/** The receipts that are kept of a cluster; none when nothing has ever been removed. @throws ApiError */
export async function receiptsOf(
  { client, namespace }: ClusterLink,
  cluster: string,
  filter: ReceiptFilter,
): Promise<Receipts> {
  const { CONFIG_MAPS, receiptsName } = await import('../operator/receipts.ts');
  const kept = await client.find(CONFIG_MAPS, { name: receiptsName(cluster), namespace });
  return readReceipts(kept?.data ?? {}, filter);
}
