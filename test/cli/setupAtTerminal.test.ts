import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { closeAll, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { ending, Running } from '../fixtures/shell/running.ts';
import { skip } from '../fixtures/skip.ts';
import { account, configOf, emptyClass, isRoot, unitsOf, withStudents } from './setupHelpers.ts';

/** Gives the token, and answers every other question with Enter. */
const enterEverywhere = ({ standIn }: Classroom): [RegExp, string][] => [
  [/API token/, `${standIn.token}\r`],
  ...[/zone/, /tunnel/, /Hostname/, /Who may use/, /Group/, /Ports/, /Make these/].map((question): [RegExp, string] => [
    question,
    '\r',
  ]),
];

describe('command: setup, at a terminal', () => {
  const running = new Running();
  afterEach(async () => {
    running.end();
    await closeAll();
  });

  /** Types an answer whenever its question is there. */
  async function converse(
    classroom: Classroom,
    conversation: readonly (readonly [question: RegExp, answer: string])[],
    through: readonly string[],
  ): Promise<{ code: number | string; shown: string }> {
    const { standIn, stateDir, configFile } = classroom;
    const args = [
      'setup',
      '--api-base-url',
      standIn.apiUrl,
      '--state-dir',
      stateDir,
      ...account,
      ...unitsOf(classroom),
    ];
    // `script` gives the command a terminal of its own; wide enough that no question is folded.
    const words = [...through, 'script'];
    const terminal = running.spawn(
      words[0] ?? '',
      [
        ...words.slice(1),
        '-qec',
        `stty cols 200 rows 50; exec '${process.execPath}' '${commandFile()}' ${args.map((arg) => `'${arg}'`).join(' ')}`,
        '/dev/null',
      ],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {
          PATH: process.env['PATH'],
          HOME: os.tmpdir(),
          TERM: 'xterm',
          SHELL: '/bin/sh',
          CLASSROOM_TUNNEL_CONFIG: configFile,
        },
      },
    );
    let [shown, read] = ['', 0];
    const left = [...conversation];
    terminal.stdout?.on('data', (data: Buffer) => {
      shown += data.toString();
      const [next] = left;
      if (!next?.[0].test(shown.slice(read))) return;
      read = shown.length;
      left.shift();
      terminal.stdin?.write(next[1]);
    });
    const code = await ending(terminal);
    assert.deepEqual(left, [], shown);
    return { code, shown };
  }

  it('asks for the token without showing it, offers what it found, and writes after a yes', async () => {
    const classroom = await emptyClass();
    const { code, shown } = await converse(
      classroom,
      enterEverywhere(classroom),
      isRoot ? withStudents(classroom, ['student1']) : [],
    );
    assert.equal(code, 0, shown);
    assert(!shown.includes(classroom.standIn.token));
    assert.deepEqual(
      [configOf(classroom)['hostname'], configOf(classroom)['portRange'], readFileSync(classroom.tokenFile, 'utf8')],
      ['{user}.example.com', [3000, 3099], `${classroom.standIn.token}\n`],
    );
  });

  it('gives every student of the group a port when every answer is Enter', async function () {
    if (!isRoot) skip(this, 'needs root');
    const classroom = await emptyClass();
    const through = withStudents(classroom, ['student10', 'student2', 'student1']);
    const { code, shown } = await converse(classroom, enterEverywhere(classroom), through);
    assert.equal(code, 0, shown);
    const { ports, portRange } = configOf(classroom);
    assert.deepEqual(ports, { student1: 3000, student2: 3001, student10: 3002 });
    assert.deepEqual(portRange, [3000, 3099]);
    chmodSync(classroom.folder, 0o755); // the service account has to reach it
    const { commands } = await classroom.done(['info']);
    assert.deepEqual(commands, ['npm run dev', 'npm start']);
    const again = ['setup', '--yes', '--group', 'students', ...unitsOf(classroom)];
    assert.match((await classroom.run(again, { through })).out, /^Nothing to change/);
    const joined = withStudents(classroom, ['student10', 'student0']);
    assert.equal((await classroom.run(again, { through: joined })).code, 0);
    assert.deepEqual(configOf(classroom)['ports'], { student1: 3000, student2: 3001, student10: 3002, student0: 3003 });
  });

  it('asks for the token again, with the reason, when Cloudflare refuses it', async () => {
    const classroom = await emptyClass();
    const [, ...others] = enterEverywhere(classroom);
    const { code, shown } = await converse(
      classroom,
      [
        [/API token/, 'wrong-token-wrong-token-wrong\r'],
        [/does not work[^]*API token/, `${classroom.standIn.token}\r`],
        ...others,
      ],
      isRoot ? withStudents(classroom, ['student1']) : [],
    );
    assert.equal(code, 0, shown);
    assert.match(shown, /This token does not work: .*Cloudflare answered 4\d\d/);
    assert.equal(readFileSync(classroom.tokenFile, 'utf8'), `${classroom.standIn.token}\n`);
  });

  it('writes nothing when the person leaves', async () => {
    const classroom = await emptyClass();
    const { code, shown } = await converse(
      classroom,
      [
        [/API token/, `${classroom.standIn.token}\r`],
        [/zone/, '\x03'],
      ],
      [],
    );
    assert.deepEqual(
      [code, existsSync(classroom.configFile), existsSync(classroom.tokenFile)],
      [1, false, false],
      shown,
    );
    assert.match(shown, /nothing was written/);
  });
});
