// The baseline: what one writes first. A lock that is asked for once a second for ten seconds, and under it four calls in a row.
import { mkdir, rmdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const { API, ACCOUNT, TUNNEL, ZONE, TOKEN, HOSTNAME, PORT, LOCK, ACTION } = process.env;

async function call(method, path, body) {
  const response = await fetch(API + path, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!answer.success) throw new Error(JSON.stringify(answer.errors));
  return answer.result;
}

async function acquire() {
  for (let attempt = 0; attempt <= 10; attempt++) {
    if (
      await mkdir(LOCK).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(1000);
  }
  console.error('Cannot acquire lock after 10 seconds.');
  process.exit(75);
}

await acquire();
try {
  const configurations = `/accounts/${ACCOUNT}/cfd_tunnel/${TUNNEL}/configurations`;
  const { config } = await call('GET', configurations);
  const ingress = config?.ingress ?? [{ service: 'http_status:404' }];
  const others = ingress.filter((rule) => rule.hostname !== HOSTNAME);
  const rules =
    ACTION === 'publish' ? [{ hostname: HOSTNAME, service: `http://localhost:${PORT}` }, ...others] : others;
  await call('PUT', configurations, { config: { ...config, ingress: rules } });
  const records = await call('GET', `/zones/${ZONE}/dns_records?name.exact=${HOSTNAME}`);
  if (ACTION === 'publish' && records.length === 0) {
    await call('POST', `/zones/${ZONE}/dns_records`, {
      type: 'CNAME',
      name: HOSTNAME,
      content: `${TUNNEL}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    });
  }
  if (ACTION === 'release' && records.length > 0) await call('DELETE', `/zones/${ZONE}/dns_records/${records[0].id}`);
} finally {
  await rmdir(LOCK);
}
