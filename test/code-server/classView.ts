import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { STUDENT } from '../../demo/classroom.ts';
import { waitUntilGone } from './cloudflare.ts';
import { PICTURES } from './evidence.ts';
import { goLive } from './life.ts';
import type { SharedSession } from './sharedSession.ts';
import { waitFor } from './waiting.ts';

/** Tests of the class view of a teacher, who is the student of the session. */
export function describeClassView(shared: () => SharedSession): void {
  describe('the class view', () => {
    let config = '';
    const refresh = async (content: string): Promise<void> => {
      const { classroom, window } = shared();
      await writeFile(classroom.configFile, content);
      await (await window()).runCommand('Classroom Tunnel: Republish');
    };
    before(async () => {
      config = await readFile(shared().classroom.configFile, 'utf8');
    });
    after(() => writeFile(shared().classroom.configFile, config));

    it('is for teachers, shows who is live, and stops and resumes them', async () => {
      const { classroom, ...session } = shared();
      const window = await session.window();
      const icon = window.page.locator('.activitybar .action-item', {
        has: window.page.locator('[aria-label^="Classroom Tunnel"]'),
      });
      await goLive(shared(), window);
      assert.equal(await icon.count(), 0);
      await refresh(JSON.stringify({ ...(JSON.parse(config) as object), teachers: [STUDENT] }));
      await icon.click();
      const row = window.page.locator('.pane-body .monaco-list-row', { hasText: STUDENT });
      await row.filter({ hasText: /live since/ }).waitFor();
      await icon.locator('.badge-content', { hasText: '1' }).waitFor();
      if (process.env['PICTURE']) {
        await mkdir(PICTURES, { recursive: true });
        await window.page.screenshot({ path: `${PICTURES}class.png` });
      }
      await row.hover();
      await row.locator('[aria-label^="Stop This Student"]').click();
      await row.filter({ hasText: /stopped at/ }).waitFor();
      await waitUntilGone(classroom);
      await window.runCommand('Classroom Tunnel: Republish');
      await window.waitForStatus('Your teacher has taken it down');
      await waitUntilGone(classroom);
      await row.hover();
      await row.locator('[aria-label^="Resume"]').click();
      await row.waitFor({ state: 'detached' });
      await refresh(config);
      await waitFor(async () => (await icon.count()) === 0, 'the view to go');
      await window.runCommand('View: Show Explorer');
    });
  });
}
