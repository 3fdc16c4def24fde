// Decides whether visitors of a plain shell's site need the passphrase, by the configuration and by the student's own choice.
import type { Config } from '../provisioning/config.ts';
import type { Access } from '../relay/accessControl.ts';
import { accessKey } from '../relay/accessKey.ts';
import { watchFile } from '../watchFile.ts';
import { ownSocketFolder } from './relaySocket.ts';
import { tryReadSession, type Session, type Surroundings } from './session.ts';

/** The student's choice, in the environment of a shell: `class` makes their sites private. */
const variable = 'CLASSROOM_TUNNEL_VISIBILITY';

export class RelayAccess {
  readonly #folder: string;
  readonly #isChosen: boolean;
  #config: Pick<Config, 'visibility' | 'passphraseHash' | 'file'>;

  /** @param isChosen the student wants it private, whatever the class is */
  constructor({ config, caller }: Session, env: NodeJS.ProcessEnv, isChosen = false) {
    this.#config = config;
    this.#folder = ownSocketFolder(config, caller);
    this.#isChosen = isChosen || env[variable] === 'class';
  }

  /** Undefined: everyone may see it. */
  get current(): Access | undefined {
    const { visibility, passphraseHash = null } = this.#config;
    if (visibility === 'public' && !this.#isChosen) return undefined;
    return { hash: passphraseHash, key: accessKey(this.#folder) };
  }

  /** Reads the configuration again after each change of it. One that cannot be read changes nothing. */
  follow(around: Surroundings, onChange: () => void): { close(): void } {
    return watchFile(this.#config.file, () => {
      this.#config = tryReadSession(around)?.config ?? this.#config;
      onChange();
    });
  }
}
