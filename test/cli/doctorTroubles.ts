// Faults that a class may have, and the doctor's words about each.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Classroom } from '../fixtures/provisioning/classroom.ts';

export interface Trouble {
  readonly what: string;
  readonly spoil: (classroom: Classroom) => unknown;
  readonly check: string;
  readonly level?: 'warning';
  readonly says: RegExp;
  readonly fix: RegExp;
  /** Other checks that fail for the same reason. */
  readonly also?: readonly string[];
}

export const config = (changes: Record<string, unknown>) => (classroom: Classroom) => {
  classroom.configure(changes);
};
/** Faults on this machine. */
export const machineTroubles: readonly Trouble[] = [
  {
    what: 'a configuration that others may write',
    spoil: ({ configFile }) => {
      chmodSync(configFile, 0o666);
    },
    check: 'configuration',
    says: /other accounts/,
    fix: /chmod 644/,
  },
  {
    what: 'a class in which anybody has any name',
    spoil: config({ allowUserOverride: true }),
    check: 'configuration',
    level: 'warning',
    says: /any name/,
    fix: /Remove/,
  },
  {
    what: 'a private class without a passphrase',
    spoil: config({ visibility: 'class' }),
    check: 'configuration',
    says: /no passphrase/,
    fix: /classroom-tunnel passphrase/,
  },
  {
    what: 'a class in which nobody has a port',
    spoil: config({ portRange: undefined }),
    check: 'configuration',
    level: 'warning',
    says: /port/,
    fix: /`ports`/,
  },
  {
    what: 'a token that everybody can read',
    spoil: ({ tokenFile }) => {
      chmodSync(tokenFile, 0o644);
    },
    check: 'token file',
    level: 'warning',
    says: /Every account/,
    fix: /chmod 600/,
  },
  {
    what: 'a missing token file',
    spoil: config({ tokenFile: 'nowhere' }),
    check: 'token',
    says: /nowhere/,
    fix: /tokenFile/,
  },
  {
    what: 'no state folder',
    spoil: config({ stateDir: 'nowhere' }),
    check: 'state',
    says: /nowhere does not exist/,
    fix: /setup/,
  },
  {
    what: 'a sticky state folder',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o1711);
    },
    check: 'state',
    says: /sticky/,
    fix: /chmod -t/,
  },
  {
    what: 'a state folder for everybody',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o777);
    },
    check: 'state',
    says: /Every account/,
    fix: /2771/,
  },
  {
    what: 'a state folder that hides the sockets',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o700);
    },
    check: 'state',
    level: 'warning',
    says: /relays/,
    fix: /o\+x/,
  },
  {
    what: 'a torn state file',
    spoil: (classroom) => {
      mkdirSync(classroom.in('records'), { mode: 0o711 });
      writeFileSync(classroom.in('records', 'state.json'), '{"ver');
    },
    check: 'records',
    level: 'warning',
    says: /not readable/,
    fix: /gc/,
  },
];
