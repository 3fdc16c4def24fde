// The passphrase of a class, of which only a salted scrypt hash is stored.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { hashPattern } from './passphraseHash.ts';

/** The least that OWASP recommends for 16 MB: about 0.2 s of one core. */
const cost = { N: 2 ** 14, r: 8, p: 5 };
const lengths = { salt: 16, hash: 32 } as const;

/** @returns `scrypt:SALT:HASH` with a new salt */
export async function hashPassphrase(passphrase: string): Promise<string> {
  const salt = randomBytes(lengths.salt);
  const hash = await derive(passphrase, salt);
  return `scrypt:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** Compares in constant time. A hash of another form matches nothing. */
export async function matchesPassphrase(passphrase: string, stored: string): Promise<boolean> {
  const [, salt, hash] = hashPattern.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return false;
  return timingSafeEqual(await derive(passphrase, Buffer.from(salt, 'base64')), Buffer.from(hash, 'base64'));
}

/** The same for every keyboard: composed characters, and no spaces around it. */
export const normalizePassphrase = (text: string): string => text.normalize('NFKC').trim();

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(normalizePassphrase(passphrase), salt, lengths.hash, cost, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
