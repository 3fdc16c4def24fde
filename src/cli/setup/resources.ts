// The accounts, groups, folders and files of a class: what differs from what is wanted, and the step that makes it so.
import type { Step } from './steps.ts';

/** By names, because an account may not exist before the set-up. A number stands for itself. */
export interface Owner {
  readonly user: string | number;
  readonly group: string | number;
}

export type Resource =
  | { readonly kind: 'group'; readonly name: string }
  /** An account of the system, without a login. */
  | { readonly kind: 'account'; readonly name: string }
  | { readonly kind: 'member'; readonly user: string; readonly group: string }
  | FolderResource
  | FileResource;

export interface FolderResource {
  readonly kind: 'folder';
  readonly path: string;
  readonly mode: number;
  /** The owner is left as it is if there is none. */
  readonly owner?: Owner;
}

export interface FileResource {
  readonly kind: 'file';
  readonly path: string;
  readonly mode: number;
  readonly owner?: Owner;
  readonly text: string;
  /** Keeps the file that it replaces as `path.bak`. */
  readonly keepsOld?: boolean;
}

/** The state of a resource that exists. */
export interface Found {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly text?: string;
}

/** The place where resources are: this machine, or the memory of a test. */
export interface Place {
  /** Undefined if it does not exist. */
  look(resource: Resource): Found | undefined;
  /** The ids of an owner; undefined if there is no such account or group. */
  idsOf(owner: Owner): { uid: number; gid: number } | undefined;
  /** Makes the resource as it is wanted. @returns how to take that back @throws FixableError `setup-unwritable` */
  put(resource: Resource): () => void;
}

/** The work left for the resource: one line; undefined if it is as wanted. Reads only. */
export function differenceOf(resource: Resource, place: Place): string | undefined {
  const found = place.look(resource);
  if (found === undefined) return `make ${nameOf(resource)}`;
  if (resource.kind !== 'file' && resource.kind !== 'folder') return undefined;
  if (resource.kind === 'file' && found.text !== resource.text)
    return `change ${resource.path}${resource.keepsOld ? ` (the old one is kept as ${resource.path}.bak)` : ''}`;
  const ids = resource.owner && place.idsOf(resource.owner);
  const isOwned = resource.owner === undefined || (ids?.uid === found.uid && ids?.gid === found.gid);
  return isOwned && found.mode === resource.mode ? undefined : `change owner or mode of ${resource.path}`;
}

/** The resource in words. */
export function nameOf(resource: Resource): string {
  switch (resource.kind) {
    case 'group':
      return `the group ${resource.name}`;
    case 'account':
      return `the system account ${resource.name}`;
    case 'member':
      return `${resource.user} a member of the group ${resource.group}`;
    case 'folder':
      return `the folder ${resource.path}`;
    case 'file':
      return `the file ${resource.path}`;
  }
}

/**
 * A step that makes resources as they are wanted.
 * @param wanted asked again for each part of the step, because it may depend on an earlier step
 * @param onMade is told of the resources that did not exist
 */
export function resourceStep(
  title: string,
  wanted: () => readonly Resource[],
  place: Place,
  onMade: (made: readonly Resource[]) => void = () => undefined,
): Step {
  const undo: (() => void)[] = [];
  return {
    title,
    plan: () => wanted().flatMap((resource) => differenceOf(resource, place) ?? []),
    apply: () => {
      const changed = wanted().filter((resource) => differenceOf(resource, place) !== undefined);
      const made = changed.filter((resource) => place.look(resource) === undefined);
      for (const resource of changed) undo.unshift(place.put(resource));
      onMade(made);
      return Promise.resolve();
    },
    verify: () => Promise.resolve(wanted().flatMap((resource) => differenceOf(resource, place) ?? [])[0]),
    undo: () => {
      const failures = undo.splice(0).flatMap(failureOf);
      if (failures.length > 0) throw new AggregateError(failures);
      return Promise.resolve();
    },
  };
}

function failureOf(work: () => void): unknown[] {
  try {
    work();
    return [];
  } catch (error) {
    return [error];
  }
}
