// Runs the Cloudflare stand-in in its own process, because starting hundreds of processes would delay its answers.
import { randomPushDelay } from '../standin/connector/pushDelay.ts';
import { startStandIn } from '../standin/standIn.ts';

const standIn = await startStandIn({
  roundTripMs: Number(process.argv[2]),
  recordQuota: 1000,
  pushDelayMs: randomPushDelay(1),
});
const { accountId, tunnelId, zoneId, apiUrl, connectorUrl, token } = standIn;
// A message asks for the number of calls since the last one.
process.on('message', () => {
  process.send?.({ apiCalls: standIn.requests.splice(0).length });
});
process.on('disconnect', () => {
  process.exit();
});
process.send?.({ accountId, tunnelId, zoneId, apiUrl, connectorUrl, token });
