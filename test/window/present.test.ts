import assert from 'node:assert/strict';
import { problemFor } from '../../src/messages/messages.ts';
import { linkedCommands } from '../../src/window/commandTable.ts';
import { present } from '../../src/window/present.ts';
import type { Problem, Site } from '../../src/window/site/siteState.ts';
import { describeState, emptyWindow, type WindowState } from '../../src/window/site/windowState.ts';
import { examples, lease, problem, refusal, stopped } from './site/sites.ts';

const showing = (site: Site, port = 3000): WindowState => ({ ...emptyWindow, sites: new Map([[port, site]]) });
const { publishing, waiting, live, away, failed, notPublic } = examples;

describe('what the status bar shows', () => {
  const texts: [string, WindowState, string, string, string?][] = [
    ['nothing', emptyWindow, '$(globe) Not public', 'workbench.action.terminal.focus'],
    ['publishing', showing(publishing), '$(sync~spin) Publishing', 'classroomTunnel.showLog'],
    [
      'queued',
      showing({ ...publishing, note: { message: 'Rate limit', until: 13_000 } }),
      '$(sync~spin) Publishing: busy, trying again in 12 s',
      'classroomTunnel.showLog',
    ],
    [
      'waiting',
      showing(waiting),
      '$(loading~spin) student1.example.com: waiting for the server',
      'classroomTunnel.showLog',
    ],
    [
      'refused',
      showing({ ...waiting, refusal }),
      '$(warning) student1.example.com: Vite refuses visitors',
      'classroomTunnel.showLog',
      'warning',
    ],
    ['live', showing(live), '$(globe) student1.example.com', 'classroomTunnel.open'],
    [
      'stopped',
      showing(examples.stopped),
      '$(debug-stop) student1.example.com: server stopped',
      'workbench.action.terminal.focus',
    ],
    [
      'stopped, served by another window',
      showing({ ...examples.stopped, answered: true }),
      '$(globe) student1.example.com',
      'classroomTunnel.open',
    ],
    ['away', showing(away), '$(debug-disconnect) Away', 'classroomTunnel.showLog'],
    ['failed', showing(failed), '$(error) Not public: No', 'classroomTunnel.republish', 'error'],
    [
      'taken down by the teacher',
      showing({ ...failed, problem: problemFor('stopped-by-teacher') }),
      '$(warning) Not public: Your teacher has taken it down',
      'classroomTunnel.republish',
      'warning',
    ],
    [
      'paused by the teacher',
      showing({ ...failed, problem: problemFor('paused', { end: ' until 10:30', said: ': Look at the board.' }) }),
      '$(warning) Not public: Your teacher has paused publishing until 10:30',
      'classroomTunnel.republish',
      'warning',
    ],
    ['notPublic', showing(notPublic, 0), '$(warning) Not public: no PORT', 'classroomTunnel.republish', 'warning'],
  ];
  for (const [name, state, text, command, background] of texts) {
    it(`${name}: "${text}", a click runs ${command}`, () => {
      const shown = present(state, 1000);
      assert.deepEqual([shown.text, shown.command, shown.background], [text, command, background]);
    });
  }

  it('says why a site waits, and what to type', () => {
    const heldBy = { process: '12074:1', command: 'node server.js' };
    for (const site of [waiting, examples.stopped]) {
      const { tooltip, context } = present(showing({ ...site, heldBy }), 1000);
      assert.match(tooltip, /`node server\.js` \(process 12074\).*command:classroomTunnel\.endServer/s);
      assert.ok(context.held);
    }
    const { tooltip, context } = present(showing({ ...waiting, heldBy: { command: 'code-server' } }), 1000);
    assert.match(tooltip, /Stop the server that one of its extensions started/);
    assert.ok(!tooltip.includes('endServer') && !context.held);
    assert.match(present(showing({ ...waiting, foreign: true }), 1000).tooltip, /another account.*`sudo`/);
    assert.match(
      present(showing({ ...waiting, unreachable: '192.0.2.2' }), 1000).tooltip,
      /192\.0\.2\.2 alone.*--host localhost/,
    );
  });

  it('explains each state and offers only commands of the table', () => {
    for (const [, state] of texts) {
      const { tooltip } = present(state, 1000);
      assert.match(tooltip, /^\*\*.+\*\*/);
      const offered = [...tooltip.matchAll(/\(command:([\w.]+)\)/g)].map(([, id]) => id ?? '');
      assert.ok(offered.length > 0);
      for (const id of offered)
        assert.ok(
          linkedCommands.some((known) => known === id),
          id,
        );
    }
  });

  it('shows the message of the teacher once', () => {
    const shown = (problem: Problem) => present(showing({ ...failed, problem }), 0).tooltip.split('\n')[0];
    assert.equal(shown(problemFor('stopped-by-teacher')), '**Your teacher has taken it down.**');
    const pause = problemFor('paused', { end: ' until 10:30', said: ': Look at the board.' });
    assert.equal(shown(pause), '**Your teacher has paused publishing until 10:30: Look at the board.**');
  });

  it('counts the seconds only while there is something to wait for', () => {
    assert.deepEqual(
      [0, 12_999, 13_000].map(
        (now) => present(showing({ ...publishing, note: { message: '', until: 13_000 } }), now).counting,
      ),
      [true, true, false],
    );
  });

  it('reads to screen readers neither icons nor counting seconds', () => {
    const site: Site = { ...publishing, note: { message: 'busy', until: 9000 } };
    const labels = [1000, 2000].map((now) => present(showing(site), now).label);
    assert.deepEqual(labels, Array(2).fill('Classroom Tunnel: Publishing: busy'));
    assert.equal(present(showing(live), 0).label, 'Classroom Tunnel: student1.example.com');
  });

  it('sets the context keys that enable the commands', () => {
    assert.deepEqual(present(showing(live), 0).context, { state: 'live', published: true, live: true, held: false });
    assert.deepEqual(present(showing({ ...failed, lease }), 0).context, {
      state: 'failed',
      published: true,
      live: false,
      held: false,
    });
    assert.deepEqual(present(emptyWindow, 0).context, { state: 'idle', published: false, live: false, held: false });
  });

  it('names the server that refuses, why, the file and the line', () => {
    const { tooltip } = present(showing({ ...waiting, refusal }), 0);
    assert.match(
      tooltip,
      /Vite refuses visitors.*It does not like it.*Change this in vite\.config\.js: `server: \{\}`/s,
    );
  });

  it('says that the server listens but gives no answer', () => {
    assert.match(present(showing({ ...waiting, mute: true }), 0).tooltip, /listens without answering.*HTTPS/);
  });

  it('is in the log too, where a click leads', () => {
    assert.equal(describeState(showing({ ...waiting, refusal })), '3000 waiting (Vite refuses visitors)');
    assert.equal(describeState(showing({ ...waiting, mute: true })), '3000 waiting (it listens, but does not respond)');
    assert.equal(describeState(showing(waiting)), '3000 waiting');
  });

  it('says which port the server took instead', () => {
    assert.match(present(showing({ ...waiting, elsewhere: 5173 }), 0).tooltip, /port 5173 instead/);
  });

  it('shows the site used last, and names the others', () => {
    const other = {
      ...live,
      lease: { life: 2, publication: { hostname: 'other.example.com', url: 'https://other.example.com', port: 3001 } },
    };
    const shown = present(
      {
        ...emptyWindow,
        sites: new Map<number, Site>([
          [3001, other],
          [3000, live],
          [3002, { kind: 'idle', runs: stopped(), notified: false }],
        ]),
      },
      0,
    );
    assert.equal(shown.text, '$(globe) student1.example.com');
    assert.match(
      shown.tooltip,
      /Also in this window: \[other\.example\.com]\(https:\/\/other\.example\.com\) \(live\)/,
    );
  });

  it('lets no text from outside make an icon, a link or a command', () => {
    const evil = { ...problem, title: '$(flame) [x](command:evil)', message: '<b>[y](command:evil)</b>' };
    const shown = present(showing({ ...failed, problem: evil }), 0);
    assert.ok(!shown.text.includes('$(flame)'));
    assert.ok(!/[^\\]\]\(command:evil/.test(shown.tooltip), shown.tooltip);
  });
});
