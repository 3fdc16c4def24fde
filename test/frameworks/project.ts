// What scripts/frameworks.mjs hands over: a project in the cache, ready to be started.

export interface Project {
  name: string;
  version: string;
  /** Where its package.json is. */
  folder: string;
  /** The folder of a node that is new enough for it. */
  nodeFolder: string;
  /** What its terminal has more than the student's others. */
  variables: Readonly<Record<string, string>>;
  /** What the student types. */
  command: string;
  edit: { file: string; from: string; to: string };
  onEdit: 'live' | 'none';
  form?: boolean;
}
