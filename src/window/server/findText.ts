// Finds the line of a project's own files that holds a text, to tell the student where to change it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Folders of packages, of version control and of what tools make. */
const skipped = /^(node_modules|\..*|dist|build|out|coverage|target|vendor|__pycache__|venv|env)$/;
const sources =
  /\.(m?[jt]sx?|cjs|vue|svelte|astro|html?|php|py|rb|ejs|hbs|njk|pug|liquid|twig|erb|md|mdx|json|env.*)$|^\.env/;
/** More files than a student writes. */
const maxFiles = 2_000;
/** Bytes of one file. */
const maxSize = 512 * 1024;

/** A place in a project. */
export interface Place {
  /** Relative to the project's folder. */
  readonly file: string;
  /** The first line is 1. */
  readonly line: number;
}

/** The first line that holds the text; undefined where none of the project's own files does. Reads at most 2,000 files. */
export function findText(root: string, text: string): Place | undefined {
  let left = maxFiles;
  for (const folders = [root]; folders.length > 0 && left > 0;) {
    const folder = folders.shift() ?? root;
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.test(entry.name)) folders.push(path);
      } else if (sources.test(entry.name) && (left -= 1) > 0) {
        const line = lineOf(path, text);
        if (line !== undefined) return { file: relative(root, path), line };
      }
    }
  }
  return undefined;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function lineOf(path: string, text: string): number | undefined {
  try {
    if (statSync(path).size > maxSize) return undefined;
    const index = readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text));
    return index === -1 ? undefined : index + 1;
  } catch {
    return undefined;
  }
}
