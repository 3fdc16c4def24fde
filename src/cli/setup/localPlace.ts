// The accounts, groups, folders and files of this machine.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FixableError } from '../../provisioning/errors.ts';
import { getent, idOf, nameFile, runTool } from './system.ts';
import type { FileResource, FolderResource, Found, Owner, Place, Resource } from './resources.ts';

export const localPlace: Place = { look, idsOf, put };

function look(resource: Resource): Found | undefined {
  switch (resource.kind) {
    case 'group':
      return getent('group', resource.name).length > 0 ? {} : undefined;
    case 'account':
      return getent('passwd', resource.name).length > 0 ? {} : undefined;
    case 'member':
      return isMember(resource.user, resource.group) ? {} : undefined;
    case 'folder':
    case 'file':
      return lookAtFile(resource);
  }
}

function isMember(user: string, group: string): boolean {
  const [, , gid, members = ''] = getent('group', group)[0] ?? [];
  return members.split(',').includes(user) || (gid !== undefined && getent('passwd', user)[0]?.[3] === gid);
}

function lookAtFile({ kind, path }: FileResource | FolderResource): Found | undefined {
  return nameFile(path, () => {
    const facts = statSync(path, { throwIfNoEntry: false });
    if (!facts) return undefined;
    const { uid, gid, mode } = facts;
    return { uid, gid, mode: mode & 0o7777, ...(kind === 'file' ? { text: readFileSync(path, 'utf8') } : {}) };
  });
}

function idsOf({ user, group }: Owner): { uid: number; gid: number } | undefined {
  const [uid, gid] = [idOf('passwd', user), idOf('group', group)];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function put(resource: Resource): () => void {
  switch (resource.kind) {
    case 'group':
      runTool('groupadd', [resource.name]);
      return () => void runTool('groupdel', [resource.name]);
    case 'account':
      runTool('useradd', [
        '--system',
        '--user-group',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        resource.name,
      ]);
      return () => void runTool('userdel', [resource.name]);
    case 'member':
      runTool('usermod', ['-aG', resource.group, resource.user]);
      return () => void runTool('gpasswd', ['-d', resource.user, resource.group]);
    case 'folder':
      return nameFile(resource.path, () => putFolder(resource));
    case 'file':
      return nameFile(resource.path, () => putFile(resource));
  }
}

function putFolder(resource: FolderResource): () => void {
  const { path } = resource;
  const before = statSync(path, { throwIfNoEntry: false });
  const takeBackParents = makeParents(path);
  if (!before) mkdirSync(path, { mode: 0o700 });
  own(path, resource);
  return () => {
    if (before) restoreFacts(path, before);
    else rmdirSync(path);
    takeBackParents();
  };
}

function putFile(resource: FileResource): () => void {
  const { path, text, keepsOld = false } = resource;
  const facts = statSync(path, { throwIfNoEntry: false });
  const before = facts && { mode: facts.mode, uid: facts.uid, gid: facts.gid, content: readFileSync(path) };
  const takeBackParents = makeParents(path);
  const takeBackOld = before && keepsOld ? keepOld(path, before) : undefined;
  // An existing owner stays where none is wanted.
  replace(path, text, (scratch) => {
    if (facts) chownSync(scratch, facts.uid, facts.gid);
    own(scratch, resource);
  });
  return () => {
    if (before) replace(path, before.content, (scratch) => restoreFacts(scratch, before));
    else rmSync(path);
    takeBackOld?.();
    takeBackParents();
  };
}

function keepOld(path: string, { content, mode, uid, gid }: Facts & { content: Buffer }): () => void {
  const old = `${path}.bak`;
  const older = existsSync(old) ? readFileSync(old) : undefined;
  const facts = { mode, uid, gid };
  replace(old, content, (scratch) => restoreFacts(scratch, facts));
  return () => {
    if (older) replace(old, older, (scratch) => restoreFacts(scratch, facts));
    else rmSync(old);
  };
}

/** Replaces a file whole; it is private until it has its owner and mode. */
function replace(path: string, content: string | Buffer, finish: (scratch: string) => void): void {
  const scratch = `${path}.${process.pid}`;
  try {
    writeFileSync(scratch, content, { mode: 0o600, flag: 'wx' });
    finish(scratch);
    renameSync(scratch, path);
  } catch (error) {
    rmSync(scratch, { force: true });
    throw error;
  }
}

/** Makes the folders above. @returns how to remove those that it made, unless something else is in them by then */
function makeParents(path: string): () => void {
  const missing: string[] = [];
  for (let folder = dirname(path); !existsSync(folder); folder = dirname(folder)) missing.push(folder);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  return () => {
    for (const folder of missing) {
      try {
        rmdirSync(folder);
      } catch {
        return;
      }
    }
  };
}

interface Facts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** @throws FixableError `setup-unwritable` where the owner does not exist */
function own(path: string, { mode, owner }: Pick<FileResource, 'mode' | 'owner'>): void {
  if (owner) {
    const ids = idsOf(owner);
    if (!ids) throw new FixableError('setup-unwritable', { file: path, problem: `there is no account ${owner.user}` });
    chownSync(path, ids.uid, ids.gid);
  }
  chmodSync(path, mode); // after the owner: a change of owner takes the setgid bit away
}

function restoreFacts(path: string, { mode, uid, gid }: Facts): void {
  chownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
}
