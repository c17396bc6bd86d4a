/** A scenario, and what it will cost, in words and tables. */
import { sayDuration } from '../base/duration.ts';
import { listed } from '../base/listed.ts';
import type { LevelEstimate } from '../loadtest/plan.ts';
import type { LevelUnit, LoadMode, Media, RoleCount, Scenario, Workload } from '../loadtest/scenario.ts';
import { counted } from '../core/words.ts';
import { textTable } from './output.ts';

/** One sentence: what, how much of it, how long. */
export function sayScenario({ workload, media, load }: Scenario): string {
  return `${sayWorkload(workload)}; ${sayMedia(media)}; ${sayMode(load.mode, load.unit)}.`;
}

function sayWorkload(workload: Workload): string {
  switch (workload.kind) {
    case 'Rooms':
      return sayShapes(workload.shapes);
    case 'OneRoom': {
      const first = workload.fixed.length === 0 ? '' : `${sayRoles(workload.fixed)} and `;
      return `one room of ${first}more and more ${workload.growing.name}s`;
    }
    case 'Trace':
      return `a trace of ${counted(workload.rooms.length, 'room')}, ${workload.timeScale} times as fast`;
  }
}

function sayShapes(shapes: Extract<Workload, { readonly kind: 'Rooms' }>['shapes']): string {
  const [only, ...others] = shapes.map(({ shape }) => shape);
  if (only !== undefined && others.length === 0) return `rooms of ${sayRoles(only.roles)}`;
  const total = shapes.reduce((sum, { share }) => sum + share, 0);
  const kinds = shapes.map(
    ({ share, shape }) => `${shape.name} (${sayRoles(shape.roles)}, ${Math.round((share / total) * 100)} %)`,
  );
  return `rooms of the kinds ${listed(kinds, 20)}`;
}

function sayRoles(roles: readonly RoleCount[]): string {
  return listed(roles.map(({ role, count }) => counted(count, role.name)));
}

function sayMedia({ video, audio }: Media): string {
  const pictures = video === undefined ? [] : [`VP8 in ${listed(video.layers)}`];
  const sound = audio === undefined ? [] : [`Opus with ${saySpeakers(audio.activeSpeakers)}`];
  return [...pictures, ...sound].join(', ');
}

function saySpeakers(active: number | 'All'): string {
  if (active === 'All') return 'everybody speaking';
  return `${active} speaking at a time`;
}

function sayMode(mode: LoadMode, unit: LevelUnit): string {
  switch (mode.kind) {
    case 'Fixed':
      return `${levelOf(mode.level, unit)} for ${counted(mode.windows, 'window')}`;
    case 'Soak':
      return `${levelOf(mode.level, unit)} for ${sayDuration(mode.durationMs)}`;
    case 'Steps':
      return `steps of ${listed(mode.levels.map(String), 12)} ${unit}, ${counted(mode.windows, 'window')} each`;
    case 'Ramp':
      return `a ramp from ${mode.from} to ${mode.to} ${unit} in steps of ${mode.step}`;
    case 'Search':
      return `a search from ${mode.min} to ${mode.max} ${unit}, ${counted(mode.repetitions, 'repetition')}`;
  }
}

function levelOf(level: number, unit: LevelUnit): string {
  return level === 1 && unit !== 'percent' ? `1 ${unit.slice(0, -1)}` : `${level} ${unit}`;
}

/** One row a level. */
export function estimateTable(unit: LevelUnit, levels: readonly LevelEstimate[]): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    unit,
    ...(unit === 'rooms' ? [] : ['rooms']),
    'people',
    'published',
    'subscribed',
    'pkt/s in',
    'pkt/s out',
    'Mbit/s in',
    'Mbit/s out',
    'workers',
    'generator cores',
    'server cores',
    'server MB',
  ].map(right);
  const rows = levels.map((level) =>
    [
      level.level,
      ...(unit === 'rooms' ? [] : [level.rooms]),
      level.participants,
      level.publishedTracks,
      level.subscribedTracks,
      level.packetsPerSecondIn,
      level.packetsPerSecondOut,
      level.mbpsIn.toFixed(1),
      level.mbpsOut.toFixed(1),
      level.workers,
      level.generatorCores.toFixed(2),
      level.serverCores.toFixed(2),
      level.serverMegabytes,
    ].map(String),
  );
  return textTable(columns, rows);
}
