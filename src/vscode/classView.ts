// The class view of a teacher: a tree in the activity bar, fed while it is visible.
import * as vscode from 'vscode';
import { languageName, t } from '../messages/texts.ts';
import type { CommandLine } from '../window/cli/run.ts';
import { forNotification } from '../window/escape.ts';
import { allLinks, classView, type ClassList, type Row } from '../window/teacher/classList.ts';
import { teacherCommands, teacherKey, type TeacherCommandId } from '../window/teacher/commandTable.ts';
import { followClass, runTeacherCommand, type Following } from '../window/teacher/follow.ts';

export class ClassView implements vscode.Disposable {
  readonly #command: () => CommandLine;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<Row>;
  readonly #subscriptions: readonly { dispose(): unknown }[];
  #list: ClassList | undefined;
  #following: Following | undefined;
  #isTeacher = false;

  constructor(command: () => CommandLine) {
    this.#command = command;
    const rows = (): Row[] => (this.#list ? [...classView(this.#list, clock).rows] : []);
    this.#view = vscode.window.createTreeView('classroomTunnel.class', {
      treeDataProvider: {
        onDidChangeTreeData: this.#changed.event,
        getChildren: (row?: Row) => (row ? [] : rows()),
        getTreeItem: treeItem,
      },
    });
    this.#subscriptions = [
      this.#changed,
      this.#view.onDidChangeVisibility(() => this.#follow()),
      ...teacherCommands.map((id) =>
        vscode.commands.registerCommand(id, (row?: Row) =>
          actions[id]({ run: (args) => this.#run(args), list: this.#list }, row),
        ),
      ),
    ];
  }

  /** Shows the view to a teacher, and hides it from everyone else. */
  setTeacher(isTeacher: boolean): void {
    this.#isTeacher = isTeacher;
    void vscode.commands.executeCommand('setContext', teacherKey, isTeacher);
    this.#follow();
  }

  dispose(): void {
    this.#following?.end();
    this.#view.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Nothing runs while the view is hidden, so its badge would be out of date. */
  #follow(): void {
    const isWanted = this.#isTeacher && this.#view.visible;
    if (isWanted === (this.#following !== undefined)) return;
    this.#following?.end();
    this.#following = isWanted
      ? followClass(
          this.#command,
          (list) => this.#show(list),
          (text) => this.#tell(text),
        )
      : undefined;
    if (!isWanted) this.#view.badge = undefined;
  }

  #show(list: ClassList): void {
    this.#list = list;
    const { badge, rows } = classView(list, clock);
    this.#view.badge =
      badge === 0
        ? undefined
        : { value: badge, tooltip: badge === 1 ? t('1 site is live') : t('{count} sites are live', { count: badge }) };
    this.#view.message = rows.length === 0 ? t('No site is live.') : '';
    this.#changed.fire(undefined);
  }

  #tell(problem: string): void {
    this.#list = undefined;
    this.#view.message = problem;
    this.#changed.fire(undefined);
  }

  async #run(args: readonly string[]): Promise<void> {
    const problem = await runTeacherCommand(this.#command(), args);
    if (problem !== undefined) void vscode.window.showErrorMessage(forNotification(problem));
  }
}

interface ActionContext {
  readonly run: (args: readonly string[]) => Promise<void>;
  readonly list: ClassList | undefined;
}

const actions: Readonly<Record<TeacherCommandId, (context: ActionContext, row?: Row) => unknown>> = {
  'classroomTunnel.stop': async (context, row) => {
    const user = row?.user ?? (await pickUser(context));
    return user === undefined ? undefined : context.run(['stop', user]);
  },
  'classroomTunnel.stopAll': async ({ run }) => {
    const answer = await vscode.window.showWarningMessage(
      t('Stop the sites of everyone?'),
      { modal: true },
      t('Stop Everyone'),
    );
    return answer === undefined ? undefined : run(['stop', '--all']);
  },
  'classroomTunnel.pause': pause,
  'classroomTunnel.resume': ({ run }, row) => run(['resume', ...(row?.user === undefined ? [] : [row.user])]),
  'classroomTunnel.copyAllLinks': async ({ list }) => {
    if (list) await vscode.env.clipboard.writeText(allLinks(list));
  },
};

async function pause({ run }: ActionContext, row?: Row): Promise<void> {
  const title = row?.user === undefined ? t('Pause everyone') : t('Pause {user}', { user: row.user });
  const until = await vscode.window.showInputBox({
    title: `${title}: ${t('until when?')}`,
    prompt: t('10:30, 45m, 2h; empty: until you resume'),
    validateInput: (text) =>
      /^(|\d\d?:\d\d|\d{1,4}[mh])$/.test(text.trim()) ? undefined : t('Such as 10:30, 45m or 2h'),
  });
  if (until === undefined) return;
  const message = await vscode.window.showInputBox({
    title: `${title}: ${t('a message?')}`,
    prompt: t('Students see it; empty: none'),
  });
  if (message === undefined) return;
  const options = [
    ...(until.trim() === '' ? [] : ['--until', until.trim()]),
    ...(message.trim() === '' ? [] : ['--message', message.trim()]),
  ];
  await run(['pause', ...(row?.user === undefined ? [] : [row.user]), ...options]);
}

async function pickUser({ list }: ActionContext): Promise<string | undefined> {
  return vscode.window.showQuickPick([...new Set(list?.live.map(({ user }) => user))], { title: t('Whose site?') });
}

function treeItem({ id, label, description, tooltip, icon, kind, url }: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  Object.assign(item, { id, description, tooltip, contextValue: kind, iconPath: new vscode.ThemeIcon(icon) });
  if (url !== undefined)
    item.command = { command: 'vscode.open', title: t('Open'), arguments: [vscode.Uri.parse(url, true)] };
  return item;
}

/** `10:42`, with the day unless it is today. */
function clock(time: string): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  const minutes = date.toLocaleTimeString(languageName(), { hour: '2-digit', minute: '2-digit' });
  return isToday ? minutes : `${date.toLocaleDateString(languageName())} ${minutes}`;
}
