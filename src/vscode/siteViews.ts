// The views of a site beside the code: a preview as visitors see it, its address as a QR code, and its visitors.
import * as vscode from 'vscode';
import { t } from '../messages/texts.ts';
import type { Visitors } from '../relay/visitors.ts';
import { qrCodePage, visitorsPage } from '../window/siteViewPages.ts';
import type { Publication } from '../window/site/siteState.ts';

const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true } as const;

/** Opens the public address in VS Code's own simple browser. */
export async function openPreview({ url }: Publication): Promise<void> {
  await vscode.commands.executeCommand('simpleBrowser.api.open', vscode.Uri.parse(url, true), beside);
}

/** Shows the public address as a QR code. */
export async function showQrCode(publication: Publication): Promise<void> {
  const { qrCodeSvg } = await import('../window/qrCode.ts');
  const panel = vscode.window.createWebviewPanel('classroomTunnel.qrCode', publication.hostname, beside);
  panel.webview.html = qrCodePage(publication, qrCodeSvg(publication.url));
}

/** The list of a site's visitors, drawn again when it changes. */
export class VisitorsView implements vscode.Disposable {
  #panel: vscode.WebviewPanel | undefined;
  #port: number | undefined;

  show(publication: Publication, visitors: Visitors): void {
    if (!this.#panel) {
      this.#panel = vscode.window.createWebviewPanel('classroomTunnel.visitors', t('Visitors'), beside);
      this.#panel.onDidDispose(() => (this.#panel = undefined));
    }
    this.#port = publication.port;
    this.#panel.reveal(beside.viewColumn, true);
    this.draw(publication, visitors);
  }

  /** Draws the visitors of the site that is shown; those of another one are left out. */
  draw(publication: Publication, visitors: Visitors): void {
    if (this.#panel && this.#port === publication.port) this.#panel.webview.html = visitorsPage(publication, visitors);
  }

  dispose(): void {
    this.#panel?.dispose();
  }
}
