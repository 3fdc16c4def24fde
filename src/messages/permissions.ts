// The permissions of the API token, and the form of Cloudflare's dashboard that makes one. Pure.

/** Each by its name in Cloudflare's documentation, with the form's own where that differs. */
export const permissions = {
  tunnel: 'Account · Cloudflare Tunnel · Edit (the dashboard\'s form may call it "Argo Tunnel (Legacy)")',
  records: 'Zone · DNS · Edit',
  zone: 'Zone · Zone · Read',
} as const;

const keys = [
  { key: 'argotunnel', type: 'edit' },
  { key: 'dns', type: 'edit' },
  { key: 'zone', type: 'read' },
];

/** Fills the form with the permissions. The form drops those it does not know, so name them beside the link. */
export const tokenForm = `https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=${encodeURIComponent(
  JSON.stringify(keys),
)}&accountId=*&zoneId=all&name=Classroom%20Tunnel`;
