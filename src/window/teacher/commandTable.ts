// The commands of a teacher's class view. package.json declares them too; a test compares the two.

/** Set in the window of a user in `teachers`. */
export const teacherKey = 'classroomTunnel.teacher';

/** `at`: on a student's row, or in the title of the view. */
export const teacherTable = {
  'classroomTunnel.stop': { title: 'Stop This Student', at: 'student', icon: '$(debug-stop)' },
  'classroomTunnel.stopAll': { title: 'Stop Everyone', at: 'class', icon: '$(stop-circle)' },
  'classroomTunnel.pause': { title: 'Pause', at: 'both', icon: '$(debug-pause)' },
  'classroomTunnel.resume': { title: 'Resume', at: 'both', icon: '$(debug-start)' },
  'classroomTunnel.copyAllLinks': { title: 'Copy All Links', at: 'class', icon: '$(copy)' },
} as const;

export type TeacherCommandId = keyof typeof teacherTable;

export const teacherCommands = Object.keys(teacherTable) as TeacherCommandId[];
