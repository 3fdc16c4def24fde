// The status bar item and the context keys, drawn from the state by present().
import * as vscode from 'vscode';
import { linkedCommands } from '../window/commandTable.ts';
import { present, type Presentation } from '../window/present.ts';
import type { InfoCache } from '../window/cli/info.ts';
import type { Relays } from '../window/server/relays.ts';
import type { WindowState } from '../window/site/windowState.ts';

const backgrounds = { error: 'statusBarItem.errorBackground', warning: 'statusBarItem.warningBackground' } as const;

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('classroomTunnel.site', vscode.StatusBarAlignment.Left, 50);
  readonly #info: Pick<InfoCache, 'watched'>;
  readonly #relays: Pick<Relays, 'visitorsOf'>;
  #timer: NodeJS.Timeout | undefined;
  #context = '';

  /**
   * @param info has the watched commands, for the tooltip
   * @param relays count the visitors
   */
  constructor(info: Pick<InfoCache, 'watched'>, relays: Pick<Relays, 'visitorsOf'>) {
    this.#info = info;
    this.#relays = relays;
    this.#item.name = 'Classroom Tunnel';
  }

  draw(state: WindowState): void {
    clearTimeout(this.#timer);
    const shown = present(state, Date.now(), this.#info.watched.commands, (port) => this.#relays.visitorsOf(port));
    this.#item.text = shown.text;
    this.#item.accessibilityInformation = { label: shown.label, role: 'button' };
    this.#item.tooltip = tooltip(shown.tooltip);
    this.#item.command = shown.command;
    this.#item.backgroundColor = shown.background && new vscode.ThemeColor(backgrounds[shown.background]);
    this.#item.show();
    this.#setContext(shown.context);
    if (shown.counting) this.#timer = setTimeout(() => this.draw(state), 1000);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#item.dispose();
  }

  #setContext(context: Presentation['context']): void {
    const text = JSON.stringify(context);
    if (text === this.#context) return;
    this.#context = text;
    for (const [key, value] of Object.entries(context))
      void vscode.commands.executeCommand('setContext', `classroomTunnel.${key}`, value);
  }
}

/** Its links may run only the commands that the window offers. */
function tooltip(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(text);
  markdown.isTrusted = { enabledCommands: linkedCommands };
  return markdown;
}
