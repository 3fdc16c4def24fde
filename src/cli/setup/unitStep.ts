// The step that installs systemd units and starts them.
import { resourceStep, type FileResource, type Place, type Resource } from './resources.ts';
import type { Step } from './steps.ts';
import { runTool, toolSucceeds } from './system.ts';

/** The system manager. */
export interface Systemd {
  /** Whether the unit is enabled and active. */
  isUp(unit: string): boolean;
  /** The last lines that the unit wrote. */
  lastWords(unit: string): string;
  /** @throws FixableError `setup-unwritable` */
  systemctl(...args: readonly string[]): void;
}

export const localSystemd: Systemd = {
  isUp: (unit) => ['is-enabled', 'is-active'].every((verb) => toolSucceeds('systemctl', ['--quiet', verb, unit])),
  lastWords: (unit) => runTool('journalctl', ['--no-pager', '--output=cat', '--lines=5', `--unit=${unit}`]).trim(),
  systemctl: (...args) => void runTool('systemctl', args),
};

/** @param systemd undefined where the files are only written */
export function unitStep(
  title: string,
  wanted: () => readonly Resource[],
  enabled: readonly string[],
  place: Place,
  systemd: Systemd | undefined,
): Step {
  const files = resourceStep(title, wanted, place);
  const down = () => enabled.filter((unit) => systemd !== undefined && !systemd.isUp(unit));
  let started: readonly string[] = [];
  let kept: readonly string[] = [];
  return {
    title,
    plan: () => [...files.plan(), ...down().map((unit) => `enable and start ${unit}`)],
    async apply() {
      const isChanged = files.plan().length > 0;
      started = down();
      kept = enabled.filter((unit) => !started.includes(unit));
      await files.apply();
      systemd?.systemctl('daemon-reload');
      if (started.length > 0) systemd?.systemctl('enable', '--now', ...started);
      if (isChanged && kept.length > 0) systemd?.systemctl('restart', ...kept);
    },
    async verify() {
      const [unit] = down();
      return (
        (await files.verify()) ??
        (unit === undefined ? undefined : `${unit} does not run\n${systemd?.lastWords(unit) ?? ''}`)
      );
    },
    async undo() {
      if (started.length > 0) systemd?.systemctl('disable', '--now', ...started);
      await files.undo();
      systemd?.systemctl('daemon-reload');
      if (kept.length > 0) systemd?.systemctl('restart', ...kept);
    },
  };
}

/** Unit files for this folder. Pure. */
export function unitResources(folder: string, texts: Readonly<Record<string, string>>): FileResource[] {
  return Object.entries(texts).map(([name, text]) => ({ kind: 'file', path: `${folder}/${name}`, mode: 0o644, text }));
}
