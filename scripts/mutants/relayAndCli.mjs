// Mutants of the relay and of the command.

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const mutants = [];
