import assert from 'node:assert/strict';
import { whyRefused } from '../../standin/connector/loading.ts';

const catchAll = { service: 'http_status:404' };
const withRule = (originRequest: unknown) => ({
  ingress: [{ hostname: 'a.localhost', service: 'http://localhost:3000', originRequest }, catchAll],
});

const loads: Record<string, unknown> = {
  'every key with a value of its type': withRule({
    connectTimeout: 30,
    tlsTimeout: 10,
    tcpKeepAlive: 30,
    keepAliveTimeout: 90,
    noHappyEyeballs: true,
    noTLSVerify: false,
    matchSNItoHost: true,
    disableChunkedEncoding: true,
    http2Origin: true,
    keepAliveConnections: 100,
    proxyPort: 0,
    httpHostHeader: 'localhost',
    originServerName: 'localhost',
    caPool: '',
    proxyAddress: '127.0.0.1',
    proxyType: 'socks',
    access: { required: true, teamName: 'school', audTag: ['a'] },
    ipRules: [{ prefix: '10.0.0.0/8', ports: [80], allow: true }],
  }),
  'null in place of every value': withRule({ connectTimeout: null, noTLSVerify: null, access: null, ipRules: null }),
  'a key that it does not know': withRule({ futureKey: 'x' }),
  'required access without a team and without tags': withRule({ access: { required: true } }),
  'a caPool that is not there, of a rule that opens no connection': {
    ingress: [{ service: 'http_status:404', originRequest: { caPool: '/nowhere.pem' } }],
  },
};

const refuses: Record<string, [config: unknown, reason: RegExp]> = {
  'a duration as text': [withRule({ connectTimeout: '30s' }), /connectTimeout/],
  'a duration with a fraction': [withRule({ keepAliveTimeout: 1.5 }), /keepAliveTimeout/],
  'a boolean as text': [withRule({ noTLSVerify: 'true' }), /noTLSVerify/],
  'a wrong value under a name in another case': [withRule({ notlsverify: 'true' }), /noTLSVerify/],
  'a negative port': [withRule({ proxyPort: -1 }), /proxyPort/],
  'access tags that are no list': [withRule({ access: { audTag: 'a' } }), /audTag/],
  'required access with tags and without a team': [withRule({ access: { required: true, audTag: ['a'] } }), /TeamName/],
  'a caPool that is not there': [withRule({ caPool: '/nowhere.pem' }), /nowhere\.pem/],
  'a caPool that is not there, for a Unix socket': [
    { ingress: [{ service: 'unix:/run/x.sock', originRequest: { caPool: '/nowhere.pem' } }] },
    /nowhere\.pem/,
  ],
  'a wrong value for all rules': [{ ingress: [catchAll], originRequest: { tlsTimeout: '10s' } }, /tlsTimeout/],
  'a wrong value for private networks': [{ ingress: [catchAll], 'warp-routing': { enabled: 'yes' } }, /enabled/],
  'a rule that the API refuses too': [
    { ingress: [{ hostname: 'a.localhost', service: 'hello_world' }] },
    /last ingress/,
  ],
};

describe('stand-in: the configurations that the connector loads', () => {
  for (const [what, config] of Object.entries(loads))
    it(`loads ${what}`, () => assert.equal(whyRefused(config), undefined));
  for (const [what, [config, reason]] of Object.entries(refuses))
    it(`refuses ${what}`, () => assert.match(whyRefused(config) ?? 'loaded', reason));
});
