import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { commandTable, linkedCommands, ownCommands } from '../../src/window/commandTable.ts';
import { teacherCommands, teacherKey, teacherTable } from '../../src/window/teacher/commandTable.ts';
import { defaults } from '../../src/window/settings.ts';

interface Manifest {
  contributes: Record<string, unknown> & {
    commands: { command: string; title: string; category: string; enablement?: string }[];
    configuration: { properties: Record<string, { default: unknown; scope: string }> };
  };
  activationEvents: string[];
  extensionKind: string[];
  capabilities: { untrustedWorkspaces: { supported: boolean } };
}
const texts = JSON.parse(readFileSync(new URL('../../package.nls.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;

describe('package.json', () => {
  it('has the commands of the table, and no others', () => {
    const named = manifest.contributes.commands.map(({ command, title, category, enablement }) => [
      command,
      texts[title.slice(1, -1)],
      category,
      enablement,
    ]);
    assert.deepEqual(named, [
      ...ownCommands.map((id) => [id, commandTable[id].title, 'Classroom Tunnel', commandTable[id].enablement]),
      ...teacherCommands.map((id) => [id, teacherTable[id].title, 'Classroom Tunnel', teacherKey]),
    ]);
  });

  it('has the settings that are read, with the same defaults, and none that a workspace could set', () => {
    const { properties } = manifest.contributes.configuration;
    assert.deepEqual(
      Object.fromEntries(Object.entries(properties).map(([name, { default: value }]) => [name, value])),
      Object.fromEntries(Object.entries(defaults).map(([name, value]) => [`classroomTunnel.${name}`, value])),
    );
    assert.deepEqual([...new Set(Object.values(properties).map(({ scope }) => scope))], ['machine']);
  });

  it('contributes nothing that a workspace could use to run or redirect anything', () => {
    assert.deepEqual(Object.keys(manifest.contributes).sort(), [
      'commands',
      'configuration',
      'configurationDefaults',
      'menus',
      'views',
      'viewsContainers',
      'walkthroughs',
    ]);
  });

  it('shows the class view and its commands to a teacher only', () => {
    const { views, menus } = manifest.contributes as unknown as {
      views: Record<string, { when: string }[]>;
      menus: Record<string, { command: string; when: string }[]>;
    };
    assert.deepEqual(
      Object.values(views)
        .flat()
        .map(({ when }) => when),
      [teacherKey],
    );
    const { commandPalette = [], ...inView } = menus;
    assert.deepEqual(
      commandPalette.map(({ command, when }) => [command, when]),
      teacherCommands.map((id) => [id, teacherKey]),
    );
    for (const { when } of Object.values(inView).flat()) assert.match(when, /^view == classroomTunnel\.class/);
  });

  it('has a walkthrough for students, and one for teachers alone', () => {
    const { walkthroughs } = manifest.contributes as unknown as { walkthroughs: { id: string; when?: string }[] };
    assert.deepEqual(
      walkthroughs.map(({ id, when }) => [id, when]),
      [
        ['student', undefined],
        ['teacher', teacherKey],
      ],
    );
    const linked = [
      ...Object.values(texts)
        .join(' ')
        .matchAll(/command:([\w.]+)/g),
    ].map(([, id = '']) => id);
    const known = [...linkedCommands, ...teacherCommands, 'classroomTunnel.class.focus'] as string[];
    assert.deepEqual(
      linked.filter((id) => !known.includes(id)),
      [],
    );
  });

  it('changes one default of VS Code: its own notice of a new port leads to the wrong place', () => {
    assert.deepEqual(manifest.contributes.configurationDefaults, {
      'remote.otherPortsAttributes': { onAutoForward: 'silent' },
    });
  });

  it('works where nothing is trusted, on the side of the files, after the window has started', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, true);
    assert.deepEqual([manifest.extensionKind, manifest.activationEvents], [['workspace'], ['onStartupFinished']]);
  });
});
