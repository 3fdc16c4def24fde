import assert from 'node:assert/strict';
import { FixableError, type ErrorCode, type Facts } from '../../src/provisioning/errors.ts';

describe('errors: when it makes sense to try again', () => {
  const cases: [ErrorCode, Facts, number | undefined][] = [
    ['api-unreachable', { call: 'GET /x', problem: 'ECONNREFUSED' }, 15],
    ['api-failed', { call: 'GET /x', status: 502, problem: 'something that is not the API answered' }, 15],
    ['api-failed', { call: 'GET /x', status: 200, problem: 'no reason given' }, 15],
    ['api-failed', { call: 'PUT /x', status: 409, problem: 'Conflict' }, 15],
    ['api-failed', { call: 'PUT /x', status: 400, problem: '1002: Bad request' }, undefined],
    ['rate-limited', { seconds: 300, call: 'GET /x' }, 300],
    ['token-rejected', { status: 403, problem: '9109: Unauthorized', call: 'GET /x' }, undefined],
    ['hostname-taken', { hostname: 'student1.example.com', problem: 'an A record' }, undefined],
  ];
  for (const [code, facts, seconds] of cases) {
    const { status } = facts as { status?: number };
    it(`${code}${status === undefined ? '' : ` with ${status}`}: ${seconds === undefined ? 'time does not help' : `after ${seconds} s`}`, () => {
      assert.equal(FixableError.fromJSON(new FixableError(code, facts).toJSON()).retryAfterSeconds, seconds);
    });
  }
});
