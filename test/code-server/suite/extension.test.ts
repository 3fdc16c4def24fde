import assert from 'node:assert/strict';
import * as vscode from 'vscode';

const ID = 'classroom-tunnel.classroom-tunnel';

describe('the extension in a real extension host', () => {
  it('is there and active', async () => {
    const extension = vscode.extensions.getExtension(ID);
    assert.ok(extension, 'the extension is not installed');
    await extension.activate();
    assert.equal(vscode.env.uiKind, vscode.UIKind.Web);
  });
});
