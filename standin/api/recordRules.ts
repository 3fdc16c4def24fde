// Checks the fields of a record of a free zone, and which records exclude each other.
import { isIPv4, isIPv6 } from 'node:net';
import { newId } from '../world.ts';
import type { Zone } from '../world.ts';
import { recordTypes } from '../records.ts';
import type { DnsRecord, RecordSet, RecordType } from '../records.ts';
import { refuse } from './answers.ts';

/** Free zones have at most this many characters in a comment. */
const commentLimit = 100;
const addressTypes: readonly RecordType[] = ['A', 'AAAA'];
const hostTypes: readonly RecordType[] = ['A', 'AAAA', 'CNAME'];

/**
 * Makes a complete record from the fields of a request. Like the real API, it ignores fields that it does not know.
 * @throws Refusal with the code of the first fault
 */
export function checkedRecord(fields: unknown, zone: Zone, timestamp: string, before?: DnsRecord): DnsRecord {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw refuse.malformedBody();
  const {
    name,
    type,
    content,
    proxied = false,
    ttl = 1,
    comment = null,
    tags = [],
    settings = {},
  } = fields as Record<string, unknown>;
  const checkedType = typeOf(type);
  const checkedName = nameIn(zone, name);
  const proxiable = hostTypes.includes(checkedType);
  if (typeof proxied !== 'boolean') throw refuse.malformedBody();
  if (proxied && !proxiable) throw refuse.invalidRecord(9004, 'This record type cannot be proxied.');
  if (!Array.isArray(tags)) throw refuse.malformedBody();
  if (tags.length > 0)
    throw refuse.invalidRecord(9300, `DNS record has ${tags.length} tags, exceeding the quota of 0.`);
  const checkedComment = commentOf(comment);
  return {
    id: before?.id ?? newId(),
    name: checkedName,
    type: checkedType,
    content: contentOf(checkedType, content, checkedName),
    proxiable,
    proxied,
    ttl: proxied ? 1 : ttlOf(ttl), // a proxied record's is always automatic
    settings: typeof settings === 'object' && settings !== null ? { ...settings } : {},
    meta: {},
    comment: checkedComment,
    tags: [],
    created_on: before?.created_on ?? timestamp,
    modified_on: timestamp,
    ...(checkedComment !== null && { comment_modified_on: timestamp }),
  };
}

/**
 * Puts a record among the others, in place of the one with its id.
 * @throws Refusal if another record of that name excludes it, or the zone is full
 */
export function place(record: DnsRecord, records: RecordSet, quota: number): void {
  const others = records.named(record.name).filter((other) => other.id !== record.id);
  const isHost = hostTypes.includes(record.type);
  if (record.type === 'CNAME' && others.some((other) => hostTypes.includes(other.type))) throw refuse.hostTaken();
  if (isHost && others.some((other) => other.type === 'CNAME')) throw refuse.cnameTaken();
  if (others.some((other) => other.type === record.type && other.content === record.content))
    throw refuse.identicalRecord();
  if (!records.get(record.id) && records.size >= quota) throw refuse.recordQuota();
  records.put(record);
}

function typeOf(type: unknown): RecordType {
  const known = recordTypes.find((each) => each === type);
  if (!known) throw refuse.invalidRecord(9000, 'DNS record type is invalid.');
  return known;
}

/** The full name in lower case. As in a zone file, a name that does not end in the zone's is taken as relative to it. */
function nameIn(zone: Zone, name: unknown): string {
  if (typeof name !== 'string' || name === '') throw refuse.invalidRecord(9000, 'DNS name is invalid.');
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (lower === '@' || lower === zone.name) return zone.name;
  const full = lower.endsWith(`.${zone.name}`) ? lower : `${lower}.${zone.name}`;
  if (!isHostname(full.replace(/^\*\./, ''))) throw refuse.invalidRecord(9000, 'DNS name is invalid.');
  return full;
}

function contentOf(type: RecordType, content: unknown, name: string): string {
  if (typeof content !== 'string' || content === '')
    throw refuse.invalidRecord(9009, `Content for ${type} record is invalid.`);
  if (type === 'TXT') return content;
  if (addressTypes.includes(type)) {
    const valid = type === 'A' ? isIPv4(content) : isIPv6(content);
    if (!valid)
      throw refuse.invalidRecord(
        type === 'A' ? 9005 : 9006,
        `Content for ${type} record is invalid. Must be a valid IPv${type === 'A' ? 4 : 6} address.`,
      );
    return content;
  }
  const target = content.toLowerCase().replace(/\.$/, '');
  if (!isHostname(target)) throw refuse.invalidRecord(9007, `Content for ${type} record is invalid.`);
  if (type === 'CNAME' && target === name) throw refuse.invalidRecord(9039, 'CNAME content cannot reference itself.');
  return target;
}

function ttlOf(ttl: unknown): number {
  if (typeof ttl !== 'number' || !Number.isInteger(ttl)) throw refuse.malformedBody();
  if (ttl !== 1 && (ttl < 60 || ttl > 86_400))
    throw refuse.invalidRecord(9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for automatic.');
  return ttl;
}

function commentOf(comment: unknown): string | null {
  if (comment === null || comment === '') return null;
  if (typeof comment !== 'string') throw refuse.malformedBody();
  if (Array.from(comment).length > commentLimit) throw refuse.longComment(commentLimit);
  if (/\p{Cc}/u.test(comment)) throw refuse.badComment();
  return comment;
}

function isHostname(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}
