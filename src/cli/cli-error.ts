/** What a command line can end with besides success, and the sentence that people then read. */
import { shortened } from '../base/shortened.ts';

/** 0: done, or yes. 1: no, or it could not be done. 2: what was given cannot be used. */
export type ExitCode = 0 | 1 | 2;

/** A failure that is told in one sentence with its remedy. */
export abstract class CliError extends Error {
  abstract readonly exitCode: ExitCode;
}

/** What was typed, or a file that was named, cannot be used: the same command will never work. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
}

/** The command was understood, and the answer is no: it may be another one later. */
export class NegativeAnswerError extends CliError {
  override readonly name = 'NegativeAnswerError';
  readonly exitCode = 1;
}

/** Somebody stopped the command; the sentence says what has been left as it is. */
export class StoppedError extends CliError {
  override readonly name = 'StoppedError';
  readonly exitCode = 1;
}

/** Text from elsewhere, such as an answer of the API server, made fit for the middle of a sentence. */
export function inSentence(text: string, most = 300): string {
  const line = text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/[.:;,]+$/, '');
  return shortened(line, most);
}

/** Up to `most` names for a sentence: `a, b and 3 more`. */
export function someOf(names: readonly string[], most = 8): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}

/** The code that the system gives an error, such as ENOENT. */
function systemCode(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'you may not access it',
  EPERM: 'you may not access it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

/** Why a file cannot be read, for the middle of a sentence. */
export function readTrouble(error: unknown): string {
  return troubleOf(error);
}

/** Why a file cannot be written, for the middle of a sentence. */
export function writeTrouble(error: unknown): string {
  return systemCode(error) === 'ENOENT' ? 'its folder does not exist' : troubleOf(error);
}

/** Whether it is the file system that has refused, and not this program that is wrong. */
export function isOfFileSystem(error: unknown): boolean {
  return systemCode(error) !== undefined;
}

function troubleOf(error: unknown): string {
  const code = systemCode(error);
  return (code === undefined ? undefined : causes[code]) ?? code ?? 'it cannot be used';
}
