import { parseDurationMs } from '../base/duration.ts';
import { never } from '../base/assert.ts';
import { type Option, options } from './options.ts';

type Options = typeof options;

type ValueOf<O extends Option> = O extends { kind: 'whole' | 'duration' }
  ? number
  : O extends { kind: 'switch' }
    ? boolean
    : O extends { kind: 'choice'; choices: readonly (infer C)[] }
      ? C
      : O extends { kind: 'text'; fallback: string }
        ? string
        : string | undefined;

/** The settings of one process. Frozen; durations in milliseconds. */
export type Config = { readonly [K in keyof Options]: ValueOf<Options[K]> };

/** A setting that cannot be used. The message names the variable and what to write instead, never a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The variable at fault. */
  readonly variable: string;
  constructor(variable: string, message: string) {
    super(`${variable} ${message}`);
    this.variable = variable;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads all settings; an empty variable counts as not set. @throws ConfigError for the first one that is wrong. */
export function readConfig(env: Environment): Config {
  const values = Object.entries(options).map(([name, option]) => [
    name,
    valueOf(option, textIn(env, option.env)),
  ]);
  // The table and the type come from the same constant; only the compiler cannot follow the entries.
  const config = Object.freeze(Object.fromEntries(values)) as Config;
  leaseIsInOrder(config);
  return config;
}

function textIn(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function valueOf(option: Option, text: string | undefined): string | number | boolean | undefined {
  if (text === undefined && option.kind !== 'duration') return option.fallback;
  const given = text ?? String(option.fallback);
  switch (option.kind) {
    case 'text':
      return textOf(option, given);
    case 'choice':
      return choiceOf(option, given);
    case 'switch':
      return switchOf(option, given);
    case 'whole':
      return wholeOf(option, given);
    case 'duration':
      return durationOf(option, given);
    default:
      return never(option);
  }
}

type Of<K extends Option['kind']> = Extract<Option, { kind: K }>;

function textOf(option: Of<'text'>, text: string): string {
  if (option.pattern.test(text)) return text;
  throw new ConfigError(option.env, `is ${quote(text)}: give ${option.shape}.`);
}

function choiceOf(option: Of<'choice'>, text: string): string {
  if (option.choices.includes(text)) return text;
  throw new ConfigError(option.env, `is ${quote(text)}: give one of ${option.choices.join(', ')}.`);
}

function switchOf(option: Of<'switch'>, text: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new ConfigError(option.env, `is ${quote(text)}: give true or false.`);
}

function wholeOf(option: Of<'whole'>, text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (value !== undefined && value >= option.least && value <= option.most) return value;
  throw new ConfigError(
    option.env,
    `is ${quote(text)}: give a whole number from ${option.least} to ${option.most}.`,
  );
}

function durationOf(option: Of<'duration'>, text: string): number {
  const ms = parseDurationMs(text);
  const [leastMs = 0, mostMs = Infinity] = [parseDurationMs(option.least), parseDurationMs(option.most)];
  if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
  throw new ConfigError(
    option.env,
    `is ${quote(text)}: give a duration from ${option.least} to ${option.most}, such as ${option.fallback}.`,
  );
}

/** Two leaders at once are ruled out only while a leader gives up before its Lease can be taken. */
function leaseIsInOrder(config: Config): void {
  if (config.renewDeadlineMs >= config.leaseMs) {
    throw new ConfigError(options.renewDeadlineMs.env, `must be shorter than ${options.leaseMs.env}.`);
  }
  if (config.retryMs >= config.renewDeadlineMs) {
    throw new ConfigError(options.retryMs.env, `must be shorter than ${options.renewDeadlineMs.env}.`);
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
