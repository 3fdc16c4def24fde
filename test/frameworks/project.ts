// A project of the matrix in the cache, as scripts/frameworks.mjs passes it on.

export interface Project {
  name: string;
  version: string;
  /** The folder of its package.json. */
  folder: string;
  /** The folder of a node executable that is new enough for it. */
  nodeFolder: string;
  /** Set in its terminal only. */
  variables: Readonly<Record<string, string>>;
  /** The command that the student types. */
  command: string;
  edit: { file: string; from: string; to: string };
  onEdit: 'live' | 'none';
  form?: boolean;
}
