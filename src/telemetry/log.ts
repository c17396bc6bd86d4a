import winston from 'winston';
import { type Clock, systemClock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import { plainFields } from './redact.ts';

/** From the most to the least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Fields = Readonly<Record<string, unknown>>;

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock?: Clock;
  /** Standard output by default. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * A log of JSON lines with `time`, `level` and `msg` first. Values under keys named like secrets are removed.
 * Errors appear as name, message, code and cause, with their stacks only at level debug.
 */
export function createLog(options: LogOptions): Log {
  const clock = options.clock ?? systemClock;
  const line = winston.format.printf(({ level, message, ...fields }) =>
    JSON.stringify({
      time: isoFromMs(clock.wallMs()),
      level,
      msg: message,
      ...withoutReserved(plainFields(fields, options.level === 'debug')),
    }),
  );
  const stream = options.stream ?? process.stdout;
  keepGoing(stream);
  const logger = winston.createLogger({
    level: options.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: line,
    transports: [new winston.transports.Stream({ stream })],
  });
  return logWith(logger, {});
}

const kept = new WeakSet<NodeJS.WritableStream>();

/** A line that nobody takes, because the pipe is closed or the disk is full, is lost; it must never end the process. */
function keepGoing(stream: NodeJS.WritableStream): void {
  if (kept.has(stream)) return;
  kept.add(stream);
  stream.on('error', () => undefined);
}

function withoutReserved(fields: Fields): Fields {
  const { time: _time, level: _level, msg: _msg, ...others } = fields;
  return others;
}

function logWith(logger: winston.Logger, context: Fields): Log {
  const write =
    (level: LogLevel) =>
    (msg: string, fields: Fields = {}): void => {
      // One object, not a message with splat: winston would glue an error's text or a field `message` onto `msg`.
      logger.log({ ...context, ...fields, level, message: msg });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => logWith(logger, { ...context, ...fields }),
  };
}
