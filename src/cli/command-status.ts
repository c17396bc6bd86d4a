import type { Command } from 'commander';
import { UsageError } from './cli-error.ts';
import type { ClusterLink, ClusterOptions } from './cluster-link.ts';
import { handle, type Shell } from './command.ts';
import type { Io } from './io.ts';
import { answer } from './output.ts';
import { statusText } from './status-text.ts';
import { type StatusView, statusView } from './status-view.ts';

interface StatusOptions extends ClusterOptions {
  readonly watch?: boolean;
}

const lookEveryMs = 2000;
/** Erases the screen and goes to its first line. */
const clearScreen = '\u001b[H\u001b[2J';

export function addStatus(program: Command, shell: Shell): void {
  const command = program
    .command('status')
    .summary('Show the Media Nodes, the last decision and what is not fine.')
    .description(
      'Shows the Media Nodes with their rooms, the last decision, and the conditions that are not fine.',
    )
    .option('-w, --watch', 'Go on and show every change until Ctrl-C.');
  handle<StatusOptions>(shell, command, (options) => status(shell, options));
}

async function status({ io }: Shell, options: StatusOptions): Promise<void> {
  if (options.watch === true && options.output === 'json') {
    throw new UsageError('--watch has no JSON form: leave out --watch, or -o json.');
  }
  const { withCluster } = await import('./cluster-link.ts');
  await withCluster(options, async (link) => {
    if (options.watch === true) return await watch(io, link, options);
    const text = (view: StatusView): string => statusText(view, io.clock.wallMs());
    await answer(io, options, await look(link, options), text);
  });
}

async function look(link: ClusterLink, options: ClusterOptions): Promise<StatusView> {
  const { theCluster, podsOf } = await import('./cluster-link.ts');
  const cluster = await theCluster(link, options);
  return statusView(cluster, await podsOf(link, cluster));
}

/** A terminal shows the present on a clean screen; anything else gets each change below the last. */
async function watch(io: Io, link: ClusterLink, options: ClusterOptions): Promise<void> {
  let shown = '';
  while (!io.stop.aborted) {
    const view = await look(link, options);
    const key = JSON.stringify(view);
    if (key !== shown || io.out.isTerminal) {
      const text = statusText(view, io.clock.wallMs());
      await io.out.write(io.out.isTerminal ? `${clearScreen}${text}\n` : `${text}\n\n`);
    }
    shown = key;
    await io.sleep(lookEveryMs);
  }
}
