// The doctor's checks of the connector on this machine.
import type { Config } from '../../provisioning/config.ts';
import type { ConnectorAnswers } from '../../provisioning/connector.ts';
import { findingsOf, type Check } from './findings.ts';

const { ok, warning, fail } = findingsOf('connector');

/** Judges whether the connector can be asked, is ours, and carries everything. Pure. @param answers undefined if it cannot be asked */
export function judgeConnector(
  { connectorUrl, tunnelId }: Pick<Config, 'connectorUrl' | 'tunnelId'>,
  answers: ConnectorAnswers | undefined,
): Check {
  if (connectorUrl === null) return ok('not asked: a site is called live once it is written at Cloudflare');
  const [place, metrics] =
    connectorUrl === undefined
      ? ['127.0.0.1, ports 20241 to 20245', '127.0.0.1:20241']
      : [connectorUrl, new URL(connectorUrl).host];
  if (!answers?.tunnel)
    return warning(
      `No connector answers at ${place}, so a site is called live once it is written at Cloudflare.`,
      `Start cloudflared with \`--metrics ${metrics}\`; if it runs on another machine, set \`connectorUrl\` to null.`,
    );
  const { id, protocols } = answers.tunnel;
  if (id !== tunnelId)
    return warning(
      `The connector at ${place} serves another tunnel (${id}).`,
      'Set `connectorUrl` to the metrics address of the connector of this tunnel.',
    );
  if (!answers.connections)
    return fail('It has no connection to Cloudflare.', 'The server must reach port 7844 outward, over UDP or TCP.');
  const http2 = protocols.filter((protocol) => protocol === 'http2').length;
  return http2 === 0
    ? ok(`connected, all ${protocols.length} connections over quic`)
    : warning(
        `${http2} of ${protocols.length} connections use http2, over which cloudflared carries no WebSocket to a Unix socket. Relays are reached at ports, which costs a change at Cloudflare for each reload of a window.`,
        'Let the server reach port 7844 outward over UDP too, and restart cloudflared.',
      );
}

/** Finds a configuration that the connector has not loaded. Pure. @param version of the configuration at Cloudflare; 0 if there is none */
export function judgeLoaded(version: number, answers: ConnectorAnswers | undefined, tunnelId: string): Check[] {
  if (version === 0 || answers?.version === undefined || answers.tunnel?.id !== tunnelId || answers.version >= version)
    return [];
  return [
    fail(
      `It serves version ${answers.version} of the tunnel's configuration; Cloudflare has version ${version}.`,
      'If this stays so for a minute, the log of cloudflared says which value it refuses; the check of the rules names it where it can.',
    ),
  ];
}
