// What scripts/frameworks.mjs hands over: a project in the cache, ready to be started.

export interface Project {
  name: string;
  version: string;
  /** Where its package.json is. */
  folder: string;
  /** The environment of its terminal. */
  environment: NodeJS.ProcessEnv;
  /** What the student types. */
  command: string;
  edit: { file: string; from: string; to: string };
  onEdit: 'live' | 'none';
  form?: boolean;
}
