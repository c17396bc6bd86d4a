import type { Command } from 'commander';
import { NegativeAnswerError, someOf } from './cli-error.ts';
import type { ClusterLink, ClusterOptions } from './cluster-link.ts';
import { handle, type Shell } from './command.ts';
import { answer } from './output.ts';
import type { ProfileView } from './profile-view.ts';
import { objectName } from './values.ts';

interface ApproveOptions extends ClusterOptions {
  readonly withdraw?: boolean;
}

export function addProfile(program: Command, shell: Shell): void {
  const command = program
    .command('profile')
    .summary('Look at capacity profiles, and approve them.')
    .description(
      'Looks at OpenViduCapacityProfiles, which say what a Media Node carries as a load test has measured it, and ' +
        'approves them. A profile that nobody has approved changes nothing.',
    );
  const list = command
    .command('list')
    .summary('List the capacity profiles.')
    .description('Lists the capacity profiles of a namespace with what they say and who uses them.');
  handle<ClusterOptions>(shell, list, (options) => listProfiles(shell, options));
  const show = command
    .command('show')
    .summary('Show one capacity profile.')
    .description('Shows one capacity profile with its shapes, limits, costs, evidence and conditions.')
    .argument('<profile>', 'Name of the OpenViduCapacityProfile.', objectName);
  handle<ClusterOptions>(shell, show, (options, [name = '']) => showProfile(shell, options, name));
  const approve = command
    .command('approve')
    .summary('Let clusters take their capacity from a profile.')
    .description(
      'Sets the mode of a profile to Apply: from then on the clusters that name it in ' +
        'spec.mediaNodes.capacity.profileRef take their capacity from it, and may grow or shrink.',
    )
    .argument('<profile>', 'Name of the OpenViduCapacityProfile.', objectName)
    .option('--withdraw', 'Set the mode back to Propose: the profile changes nothing any more.');
  handle<ApproveOptions>(shell, approve, (options, [name = '']) => approveProfile(shell, options, name));
}

async function listProfiles({ io }: Shell, options: ClusterOptions): Promise<void> {
  const { withCluster } = await import('./cluster-link.ts');
  const { profileView, profilesText } = await import('./profile-view.ts');
  await withCluster(options, async (link) => {
    const profiles = (await profilesIn(link)).map(profileView);
    await answer(io, options, { profiles }, () => profilesText(profiles));
  });
}

async function showProfile({ io }: Shell, options: ClusterOptions, name: string): Promise<void> {
  const { withCluster } = await import('./cluster-link.ts');
  const { profileText } = await import('./profile-view.ts');
  await withCluster(options, async (link) => {
    const view = await theProfile(link, name);
    await answer(io, options, view, () => profileText(view, io.clock.wallMs()));
  });
}

async function approveProfile({ io }: Shell, options: ApproveOptions, name: string): Promise<void> {
  const { withCluster } = await import('./cluster-link.ts');
  const { PROFILES } = await import('../operator/profile-type.ts');
  await withCluster(options, async (link) => {
    const before = await theProfile(link, name);
    const mode = options.withdraw === true ? 'Propose' : 'Apply';
    const changed = before.mode !== mode;
    const ref = { name, namespace: link.namespace };
    if (changed) await link.client.patchMerge(PROFILES, ref, { spec: { mode } });
    await answer(io, options, { profile: name, mode, changed }, () => said(name, mode, changed));
  });
}

function said(name: string, mode: ProfileView['mode'], changed: boolean): string {
  if (mode === 'Apply') return changed ? `${name} is approved` : `${name} was approved already`;
  return changed ? `${name} is only proposed now` : `${name} was only proposed`;
}

async function profilesIn({ client, namespace }: ClusterLink) {
  const { NotFoundError } = await import('../kube/errors.ts');
  const { PROFILES } = await import('../operator/profile-type.ts');
  try {
    const { items } = await client.list(PROFILES, { namespace });
    return items.toSorted((one, other) => one.metadata.name.localeCompare(other.metadata.name));
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NegativeAnswerError(
      'this Kubernetes cluster knows no OpenViduCapacityProfiles: upgrade the operator, or choose another --context.',
      { cause: error },
    );
  }
}

/** @throws NegativeAnswerError when it is not there */
async function theProfile(link: ClusterLink, name: string): Promise<ProfileView> {
  const { profileView } = await import('./profile-view.ts');
  const all = await profilesIn(link);
  const found = all.find(({ metadata }) => metadata.name === name);
  if (found !== undefined) return profileView(found);
  const names = all.map(({ metadata }) => metadata.name);
  const has = names.length === 0 ? 'it has none' : `it has ${someOf(names)}`;
  throw new NegativeAnswerError(
    `namespace ${link.namespace} has no OpenViduCapacityProfile "${name}": ${has}.`,
  );
}
