// The edge's own pages, in words of our own. A class sees them when a link is opened too early or too late.

/** @param code Cloudflare's number for what is wrong, as 1016 (no DNS) or 1033 (no tunnel) */
export function errorPage(status: number, code: number, reason: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Error ${code}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; color: #333 }
  small { color: #777 }
</style>
<h1>This site cannot be shown</h1>
<p>${escape(reason)}</p>
<p><small>Error ${code}, status ${status}. This page comes from the classroom's Cloudflare stand-in.</small></p>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
