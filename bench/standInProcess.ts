// The stand-in for Cloudflare as a process of its own: starting hundreds of processes would keep it from answering in theirs.
import { startStandIn } from '../standin/standIn.ts';

const standIn = await startStandIn({ roundTripMs: Number(process.argv[2]), recordQuota: 1000 });
const { accountId, tunnelId, zoneId, apiUrl, token } = standIn;
// Asked for the calls so far, it begins to count anew.
process.on('message', () => {
  process.send?.({ apiCalls: standIn.requests.splice(0).length });
});
process.on('disconnect', () => {
  process.exit();
});
process.send?.({ accountId, tunnelId, zoneId, apiUrl, token });
