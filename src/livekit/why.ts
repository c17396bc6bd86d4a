import { shortened } from '../base/shortened.ts';

/** What others say shows in the status, which the API server refuses beyond a length: then nothing would be told any more. */
const longestWhy = 500;

/** What an error says, by its shape: errors of the platform are not always made by this program's own Error. */
export function whyOf(error: unknown): string {
  const shaped =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  if (typeof shaped !== 'string' || shaped === '') return 'unknown error';
  return shortened(shaped, longestWhy);
}

/** The name of an error's kind. */
export function nameOf(error: unknown): string {
  const shaped = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  return typeof shaped === 'string' ? shaped : '';
}

/** The code that the platform gives to a failed connection, such as ECONNREFUSED, however deep it is wrapped. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : undefined;
}

/** The HTTP status with which a server answered; `undefined` where no answer came. */
export function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : undefined;
}
