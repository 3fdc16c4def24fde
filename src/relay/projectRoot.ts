// The folder whose files a dev server may serve: the workspace or the package that it was started in, as Vite finds it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const workspaceFiles = ['pnpm-workspace.yaml', 'lerna.json'];

/**
 * @param folder where the server was started, as an absolute path without symbolic links
 * @param home never taken for a project, and neither is a folder above it
 * @returns the nearest folder with a workspace's file, else the nearest with a package.json, else `folder`
 */
export function projectRoot(folder: string, home: string): string {
  let nearestPackage: string | undefined;
  for (let at = folder; at !== home && at !== dirname(at) && !home.startsWith(`${at}/`); at = dirname(at)) {
    const text = read(join(at, 'package.json'));
    if (text !== undefined) nearestPackage ??= at;
    if (hasWorkspaces(text) || workspaceFiles.some((name) => read(join(at, name)) !== undefined)) return at;
  }
  return nearestPackage ?? folder;
}

function hasWorkspaces(packageJson: string | undefined): boolean {
  try {
    return packageJson !== undefined && (JSON.parse(packageJson) as { workspaces?: unknown }).workspaces !== undefined;
  } catch {
    return false; // the student is editing it
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
