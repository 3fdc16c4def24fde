import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findWatchedCommand, wordsOfFirstCommand } from '../../src/shell/devCommand.ts';
import { announcedByBash } from '../fixtures/shell/bashHook.ts';
import { commandLines } from '../fixtures/shell/commandLines.ts';
import { Running } from '../fixtures/shell/running.ts';
import { STRESS_LIMIT, times } from '../fixtures/stress.ts';
import { otherCommands, spellings, watched as spelled } from '../fixtures/shell/spellings.ts';
import { beyondText, notSeen } from '../fixtures/shell/unwatchedLines.ts';
import { seen } from '../fixtures/shell/writtenLines.ts';

const watched = ['npm run dev', 'npm start', 'pnpm dev'];
const [dev = ''] = watched;

describe('findWatchedCommand', () => {
  const running = new Running();
  afterEach(() => running.end());

  for (const line of seen)
    it(`finds it in ${JSON.stringify(line)}`, () => assert.equal(findWatchedCommand(line, watched), dev));
  for (const line of notSeen)
    it(`does not find it in ${JSON.stringify(line)}`, () => assert.equal(findWatchedCommand(line, watched), undefined));

  for (const command of spelled)
    for (const line of spellings[command])
      it(`finds ${command} in ${line}`, () => assert.equal(findWatchedCommand(line, spelled), command));
  for (const line of otherCommands)
    it(`finds none of them in ${line}`, () => assert.equal(findWatchedCommand(line, spelled), undefined));
  it('finds a command that is configured in another spelling', () => {
    for (const configured of spellings['npm run dev'].filter(
      (line) => !line.includes('--host') && !line.includes('app'),
    ))
      assert.equal(findWatchedCommand('yarn run dev', [configured]), configured);
  });

  it('tells which of the watched commands it is, as configured', () => {
    assert.equal(findWatchedCommand('true; pnpm "dev"; npm start', ['npm start', ' pnpm  dev ']), ' pnpm  dev ');
    assert.equal(findWatchedCommand('npm run "my dev"', [dev, 'npm run "my dev"']), 'npm run "my dev"');
    assert.equal(findWatchedCommand('npm run dev', []), undefined);
    assert.equal(findWatchedCommand('npm run dev', ['', '# npm', '$X', '(npm run dev)']), undefined);
  });

  it('knows the words of a configured command', () => {
    assert.deepEqual(wordsOfFirstCommand(`A=1 npm 'run' "my dev" >log`), ['npm', 'run', 'my dev']);
    assert.deepEqual(wordsOfFirstCommand('npm run $X'), []);
  });

  describe('and the hook in real bash', () => {
    it('decide the same for every written line', async () => {
      const lines = [...seen, ...notSeen];
      const byBash = await announcedByBash(running, lines, watched);
      assert.deepEqual(
        lines.filter((line, index) => findWatchedCommand(line, watched) !== byBash[index]),
        [],
      );
    });

    it('decide the same for every spelling of a script', async () => {
      const lines = [...Object.values(spellings).flat(), ...otherCommands];
      assert.deepEqual(
        await announcedByBash(running, lines, spelled),
        lines.map((line) => findWatchedCommand(line, spelled)),
      );
    });

    for (const { line, bash, text, because } of beyondText) {
      it(`differ where text cannot know: ${because}: ${line}`, async () => {
        assert.deepEqual(await announcedByBash(running, [line], watched), [bash ? dev : undefined]);
        assert.equal(findWatchedCommand(line, watched), text ? dev : undefined);
      });
    }

    const seed = Number(process.env.CLASSROOM_TUNNEL_SEED ?? 20261122);
    const count = times(5_000);
    it(`decide the same for ${count} lines grown from seed ${seed}`, async function () {
      this.timeout(STRESS_LIMIT);
      const lines = fc.sample(commandLines, { seed, numRuns: count });
      const byBash = await announcedByBash(running, lines, watched);
      const differences = lines
        .map((line, index) => ({ line, bash: byBash[index], text: findWatchedCommand(line, watched) }))
        .filter(({ bash, text }) => bash !== text);
      assert.deepEqual(differences.sort((a, b) => a.line.length - b.line.length).slice(0, 5), []);
      const found = byBash.filter((command) => command !== undefined).length;
      assert.ok(
        found > count * 0.32 && found < count * 0.8,
        `the lines say little: ${found} of them have a watched command`,
      );
    });
  });
});
