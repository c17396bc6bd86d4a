/** One field of a plain value, named by its path as a person writes it: `spec.autoscaling.targets[0].utilizationPercent`. */

/** The path leads nowhere. The message is one sentence with the remedy. */
export class SetPathError extends Error {
  override readonly name = 'SetPathError';
}

const part = /^(?:[A-Za-z_][\w-]*(?:\[\d+\])*)$/;

/** A copy of `value` with the field at `path` set. Objects on the way are made, list items must exist. @throws SetPathError */
export function setPath<T>(value: T, path: string, to: unknown): T {
  const parts = path.split('.');
  if (parts.some((name) => !part.test(name))) {
    throw new SetPathError(
      `"${path}" is no path: write one such as spec.mediaNodes.max or spec.autoscaling.targets[0].utilizationPercent`,
    );
  }
  const steps = parts.flatMap((name) => name.split(/[[\]]+/).filter((step) => step !== ''));
  // The copy differs in one field only; whether it still fits its type is for the validation that follows.
  return placed(value, steps, { path, to }) as T;
}

interface Goal {
  readonly path: string;
  readonly to: unknown;
}

function placed(value: unknown, steps: readonly string[], goal: Goal): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return goal.to;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const at = Number(step);
    if (!(at < items.length)) {
      throw new SetPathError(
        `"${goal.path}" names item ${step} of a list of ${items.length}: items are counted from 0`,
      );
    }
    return items.with(at, placed(items[at], rest, goal));
  }
  if (value !== undefined && (typeof value !== 'object' || value === null)) {
    throw new SetPathError(
      `"${goal.path}" goes on below ${JSON.stringify(value)}, which has no fields: name a field that exists`,
    );
  }
  const fields: object = value ?? {};
  const before = Object.entries(fields).find(([key]) => key === step)?.[1] as unknown;
  return { ...fields, [step]: placed(before, rest, goal) };
}
