import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { scanTerminal, treeOf, type Sighting } from '../../src/shell/terminalProcesses.ts';
import { writeProcess, type FakeProcess } from '../fixtures/shell/fakeProc.ts';
import { Running } from '../fixtures/shell/running.ts';

const watched = { commands: ['npm run dev'], portVariable: 'PORT' };
const student = 1000;
const shell = '10:1000';
const dev: FakeProcess = { pid: 11, ppid: 10, argv: ['npm run dev', ''], children: [12], env: { PORT: '3000' } };
const seen: Sighting = { process: '11:1100', portText: '3000', terminalHasPort: false, isOwn: true };

describe('the watched commands of a terminal', () => {
  const running = new Running();
  let procRoot: string;
  afterEach(() => running.end());
  beforeEach(() => {
    procRoot = running.folder();
    writeProcess(procRoot, { pid: 10, ppid: 1, argv: ['bash'], children: [11] });
    writeProcess(procRoot, dev);
    writeProcess(procRoot, { pid: 12, ppid: 11, argv: ['node', 'server.js'], children: [] });
  });
  const look = (known: readonly Sighting[] = []): Sighting[] => scanTerminal(shell, watched, known, student, procRoot);

  it('are found under its shell, with the text of their port', () => assert.deepEqual(look(), [seen]));

  it("are told apart from another user's, though this user may read them", () => {
    writeProcess(procRoot, { ...dev, uid: 1001 });
    assert.deepEqual(look(), [{ ...seen, isOwn: false }]);
  });

  it('are told apart by whether their terminal was started with a port', () => {
    writeProcess(procRoot, { pid: 10, ppid: 1, argv: ['bash'], children: [11], env: { PORT: '3001' } });
    assert.deepEqual(look(), [{ ...seen, terminalHasPort: true }]);
  });

  it('are none when the shell has ended, or its id belongs to another process', () => {
    assert.deepEqual(scanTerminal('10:1', watched, [], student, procRoot), []);
  });

  it('stay known while they run, wherever they run', () => {
    writeProcess(procRoot, { pid: 20, ppid: 1, argv: ['npm run dev', ''], children: [] });
    const moved: Sighting = { ...seen, process: '20:2000', portText: '3001' };
    assert.deepEqual(look([moved]), [moved, seen]);
    rmSync(join(procRoot, '20'), { recursive: true });
    assert.deepEqual(look([moved]), [seen]);
  });

  it('keep the port that they were first seen with', () => {
    const first: Sighting = { ...seen, portText: undefined };
    assert.deepEqual(look([first]), [first]);
  });

  it('count as processes of the terminal with everything they started, also under another parent', () => {
    assert.deepEqual(treeOf(shell, [], procRoot), [10, 11, 12]);
    writeProcess(procRoot, { pid: 20, ppid: 1, argv: ['npm run dev', ''], children: [21] });
    writeProcess(procRoot, { pid: 21, ppid: 20, argv: ['node'], children: [] });
    assert.deepEqual(treeOf(shell, ['20:2000', '20:1'], procRoot), [10, 11, 12, 20, 21]);
  });
});
