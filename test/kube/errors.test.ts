import { describe, expect, test } from '@jest/globals';
import { errorOfReply, InvalidError, retryAfterMs, ThrottledError } from '../../src/kube/errors.ts';

const cases: Readonly<Record<string, readonly [number, unknown, string]>> = {
  'a changed object is a conflict': [409, { reason: 'Conflict' }, 'Conflict'],
  'a name that is taken is told from a conflict': [409, { reason: 'AlreadyExists' }, 'AlreadyExists'],
  'a missing object is not found': [404, { reason: 'NotFound' }, 'NotFound'],
  'a compacted version is gone': [410, { reason: 'Expired' }, 'Gone'],
  'a refused token is unauthorized': [401, {}, 'Unauthorized'],
  'a missing right is forbidden': [403, {}, 'Forbidden'],
  'an unprocessable object is invalid': [422, {}, 'Invalid'],
  'a bad request is invalid': [400, {}, 'Invalid'],
  'an unsupported content type is invalid': [415, {}, 'Invalid'],
  'too many requests are throttled': [429, {}, 'Throttled'],
  'a failing server is a server error': [503, {}, 'Server'],
};

describe('an answer that is no success', () => {
  test.each(Object.entries(cases))('%s', (_, [status, body, code]) => {
    const error = errorOfReply({ what: 'GET /x', status, body: JSON.stringify(body) });

    expect(error).toMatchObject({ code, status });
  });

  test('keeps the Status message and the causes, and nothing else of the body', () => {
    const body = {
      message: 'spec is wrong',
      secret: 'hidden',
      details: { causes: [{ field: 'spec.min', message: 'must be at least 1', reason: 'x' }, 'odd'] },
    };
    const error = errorOfReply({ what: 'POST /x', status: 422, body: JSON.stringify(body) });

    expect(error.message).toBe('POST /x: spec is wrong');
    expect(error instanceof InvalidError && error.causes).toEqual([
      { field: 'spec.min', message: 'must be at least 1' },
      { field: '', message: '' },
    ]);
  });

  test.each(['<html>token=abc</html>', '', 'null', '[1]', '"text"'])('says only the status of %j', (body) => {
    expect(errorOfReply({ what: 'GET /x', status: 502, body }).message).toBe('GET /x: HTTP 502');
  });

  test('has a message of bounded length', () => {
    const body = JSON.stringify({ message: 'x'.repeat(100_000) });

    expect(errorOfReply({ what: 'GET /x', status: 500, body }).message).toHaveLength(1000);
  });

  test('waits as long as Retry-After says, one second when it says nothing readable', () => {
    const error = errorOfReply({ what: 'GET /x', status: 429, body: '', retryAfter: '7' });

    expect(error instanceof ThrottledError && error.retryAfterMs).toBe(7000);
    expect([undefined, 'soon', '-1', '1e9'].map(retryAfterMs)).toEqual([1000, 1000, 1000, 1000]);
  });
});
