// Messages about the decisions of a teacher, and about commands for teachers. Pure.
import { exitCodes } from './exitCodes.ts';

export const teacherMessages = {
  'stopped-by-teacher': {
    exit: exitCodes.notAllowed,
    title: 'Your teacher has taken it down',
    detail: 'Your teacher has taken it down.',
    action: 'Ask your teacher. Republish does not help while this server runs; stop it and start it again.',
  },
  paused: {
    exit: exitCodes.notAllowed,
    title: 'Your teacher has paused publishing{end}',
    detail: 'Your teacher has paused publishing{end}{said}',
    action: 'Leave your server running, or start it again after the pause.',
  },
  'passphrase-missing': {
    exit: exitCodes.configuration,
    title: 'The class has no passphrase',
    detail: 'The site is to be private, and the class has no passphrase that visitors could enter.',
    action: 'Ask your teacher to set one: `sudo classroom-tunnel passphrase`.',
  },
  'private-relay-missing': {
    exit: exitCodes.notAllowed,
    title: 'The sites of this class are private',
    detail: 'The sites of this class are private, and only a relay asks visitors for the passphrase.',
    action: 'Start your server in a terminal of the editor, or with `classroom-tunnel run -- npm run dev`.',
  },
  'private-unasked': {
    exit: exitCodes.busy,
    title: 'The sites of this class have become private',
    detail: 'The sites of this class have become private, and this relay does not ask for the passphrase yet.',
    action: 'Wait a moment. If it stays like this, reload the window or start the command again.',
  },
  'config-unwritable': {
    exit: exitCodes.configuration,
    title: 'The configuration cannot be written',
    detail: '{file}: {problem}.',
    action: 'Run it as the owner of the file, with `sudo`.',
  },
  'file-unreadable': {
    exit: exitCodes.usage,
    title: 'The file cannot be read',
    detail: '{file}: {problem}.',
    action: 'Check its path and that you may read it.',
  },
  'teacher-only': {
    exit: exitCodes.notAllowed,
    title: 'This is for the teacher',
    detail: '`{verb}` is a command for teachers, and {user} is not one.',
    action:
      'Ask your teacher. Teachers are root, the owner of the state folder, and the users in `teachers` of the configuration.',
  },
} as const;
