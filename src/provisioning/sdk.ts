// The parts of Cloudflare's SDK that we use, in a module that only the lock holder loads; see scripts/late.mjs.
export { APIConnectionError } from 'cloudflare/core/error';
export { BaseTokens as BaseAccountTokens } from 'cloudflare/resources/accounts/tokens/tokens';
export { BaseBotManagement } from 'cloudflare/resources/bot-management/bot-management';
export { BaseRecords } from 'cloudflare/resources/dns/records';
export { BaseZone as BaseRecordUsage } from 'cloudflare/resources/dns/usage/zone';
export { BaseCertificatePacks } from 'cloudflare/resources/ssl/certificate-packs/certificate-packs';
export { BaseTokens as BaseUserTokens } from 'cloudflare/resources/user/tokens/tokens';
export { BaseCloudflared } from 'cloudflare/resources/zero-trust/tunnels/cloudflared/cloudflared';
export { BaseConfigurations } from 'cloudflare/resources/zero-trust/tunnels/cloudflared/configurations';
export { BaseConnections } from 'cloudflare/resources/zero-trust/tunnels/cloudflared/connections';
export { BaseToken } from 'cloudflare/resources/zero-trust/tunnels/cloudflared/token';
export { BaseSettings as BaseZoneSettings } from 'cloudflare/resources/zones/settings';
export { BaseZones } from 'cloudflare/resources/zones/zones';
export { createClient } from 'cloudflare/tree-shakable';
