// Escapes text from outside (hostnames, accounts, messages) for each place that shows it; each has its own syntax. Pure.

const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();

/** For the Markdown of a tooltip. */
export const forMarkdown = (text: string): string => oneLine(text).replace(/[\\`*_{}[\]()#+\-!|<>~$&]/g, '\\$&');

/** For the Markdown of a tooltip, as code. Code cannot hold a backtick. */
export const forMarkdownCode = (text: string): string => `\`${oneLine(text).replaceAll('`', "'")}\``;

/** For a status bar item, where `$(name)` is an icon. */
export const forStatusBar = (text: string): string => oneLine(text).replaceAll('$(', '$ (');

/** For a notification, which supports `[text](link)` and no escapes. */
export const forNotification = (text: string): string => oneLine(text).replaceAll('](', '] (');

/** For one line of the log: no text can end it, or pass for another line. */
export const forLog = (text: string): string => oneLine(text);

/** A link in Markdown to a published site. */
export const markdownLink = ({ hostname, url }: { hostname: string; url: string }): string =>
  `[${forMarkdown(hostname)}](${linkTarget(url)})`;

/** A link in a notification to a published site. */
export const notificationLink = ({ hostname, url }: { hostname: string; url: string }): string =>
  `[${oneLine(hostname).replace(/[[\]]/g, '')}](${linkTarget(url)})`;

/** Encodes the characters that would end a link. An encoded address stays as it is. */
const linkTarget = (url: string): string =>
  url.replace(/[\s()<>"'\\[\]\p{Cc}]/gu, (character) => encodeURIComponent(character).replace(/[()']/g, percent));

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
