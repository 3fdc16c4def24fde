// Calls back when a file changes, also one that is replaced whole or whose folder is made later.
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Milliseconds: a file that is written in several steps is read once. */
const settled = 100;

export interface FileWatch {
  close(): void;
}

/** Never throws: a folder that cannot be watched has no changes. The process does not wait for a change. */
export function watchFile(file: string, onChange: () => void): FileWatch {
  const [folder, name] = [dirname(file), basename(file)];
  let timer: NodeJS.Timeout | undefined;
  let watcher: FileWatch;
  const settle = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settled);
    timer.unref();
  };
  try {
    const entries = watch(folder, { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) settle();
    });
    watcher = entries.on('error', () => entries.close());
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && folder !== dirname(folder);
    watcher = isMissing ? watchFile(folder, onMade) : { close: () => undefined };
  }
  return {
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };

  function onMade(): void {
    watcher.close();
    watcher = watchFile(file, onChange);
    settle();
  }
}
