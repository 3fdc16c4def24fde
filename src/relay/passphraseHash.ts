// The form of a stored passphrase. Apart from the hashing, because publishing does not load cryptography.

/** `scrypt:SALT:HASH`, both in base64. */
export const hashPattern = /^scrypt:([A-Za-z0-9+/]{22}==):([A-Za-z0-9+/]{43}=)$/;
