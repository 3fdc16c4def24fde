// Exit codes of the command; the numbers are sysexits(3)'s where it has one.

export const exitCodes = { done: 0, failed: 1, usage: 2, busy: 75, notAllowed: 77, configuration: 78 } as const;
