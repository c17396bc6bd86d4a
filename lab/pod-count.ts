/** How many Pods a fleet had when, from the lives of its Pods. Times are milliseconds since the Unix epoch. */
import type { PodLife } from './fleet.ts';

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The moment with the most Pods that nobody had told to end, and these Pods. */
export function mostWanted(
  lives: readonly PodLife[],
  { fromMs, toMs }: Span,
): { readonly atMs: number; readonly pods: readonly PodLife[] } {
  return [fromMs, ...lives.map(({ createdAtMs }) => createdAtMs)]
    .filter((atMs) => atMs >= fromMs && atMs <= toMs)
    .map((atMs) => ({ atMs, pods: lives.filter((life) => isWanted(life, atMs)) }))
    .reduce((most, one) => (one.pods.length > most.pods.length ? one : most), { atMs: fromMs, pods: [] });
}

function isWanted({ createdAtMs, deleteAskedAtMs, goneAtMs }: PodLife, atMs: number): boolean {
  return createdAtMs <= atMs && Math.min(deleteAskedAtMs ?? Infinity, goneAtMs ?? Infinity) > atMs;
}

/** Seconds of Pods beyond `base`, those that are on their way out included: what a change costs. */
export function surgeSeconds(lives: readonly PodLife[], base: number, { fromMs, toMs }: Span): number {
  const all = lives.reduce((sum, { createdAtMs, goneAtMs = Infinity }) => {
    return sum + Math.max(0, Math.min(goneAtMs, toMs) - Math.max(createdAtMs, fromMs));
  }, 0);
  return (all - base * (toMs - fromMs)) / 1000;
}
