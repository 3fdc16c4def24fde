// One rule here for each invariant that docs/architecture.md names; each message says what to do instead.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const noVscode = {
  name: 'vscode',
  message: 'Only src/vscode and src/extension.ts import vscode. Pass what you need as an argument.',
};
const noCloudflare = {
  regex: '^cloudflare($|/)',
  message:
    'Import it in provisioning/sdk.ts; provisioning/roundApi.ts (what a round needs) and adminApi.ts (what a teacher needs) are the only places that speak to Cloudflare.',
};
const noPrompts = {
  regex: '^@clack/',
  message: 'Import it dynamically where somebody is asked: it must not be loaded by who publishes.',
};
const noTeacher = {
  regex: '/(setup/setup|doctor/doctor|adminApi)\\.ts$',
  allowTypeImports: true,
  message: "Import it dynamically: only the teacher's commands load it.",
};
const noProvisioning = {
  group: ['**/provisioning/*'],
  allowTypeImports: true,
  message: 'The window runs the command; it never provisions.',
};
const noFetch = { name: 'fetch', message: 'The window never talks to the network: it runs the command.' };
const noWeakSignal = {
  object: 'AbortSignal',
  property: 'any',
  message:
    'Use withDeadline() of src/deadline.ts: what AbortSignal.any depends on may be collected as garbage, and then nothing ever aborts.',
};
const noWaiting = {
  selector:
    "CallExpression[callee.name='setTimeout'][arguments.1.value>=100], CallExpression[callee.property.name='waitForTimeout']",
  message: 'A test waits for an event, never for time.',
};
const noSilentSkip = {
  selector:
    "CallExpression[callee.property.name='skip'][callee.object.type='ThisExpression'], CallExpression[callee.property.name='skip'][callee.object.name=/^(it|describe)$/]",
  message: 'Use skip(this, reason) of test/fixtures/skip.ts: the report shows why.',
};

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', '.vscode-test/', 'demo/app/'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', fetch: 'readonly' } },
  },
  {
    files: ['src/**/*.ts', 'demo/**/*.ts', 'standin/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*'],
    rules: { 'max-lines': ['error', { max: 250 }] },
  },
  {
    files: ['src/**/*.ts', 'demo/**/*.ts', 'standin/**/*.ts', 'scripts/**/*'],
    rules: { 'max-lines-per-function': ['error', { max: 50 }] },
  },
  {
    files: ['src/**/*.ts', 'demo/**/*.ts', 'standin/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', noWeakSignal] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: [
      'src/extension.ts',
      'src/vscode/**',
      'src/window/**',
      'src/provisioning/sdk.ts',
      'src/provisioning/lock.ts',
    ],
    rules: { 'no-restricted-imports': ['error', { paths: [noVscode], patterns: [noCloudflare, noPrompts] }] },
  },
  { files: ['src/provisioning/sdk.ts'], rules: { 'no-restricted-imports': ['error', { paths: [noVscode] }] } },
  {
    files: ['src/provisioning/lock.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [noVscode], patterns: [noCloudflare] }] },
  },
  {
    files: [
      'src/cli.ts',
      'src/cli/{program,actions,teacher,session,report,caller}.ts',
      'src/provisioning/publisher.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { paths: [noVscode], patterns: [noCloudflare, noPrompts, noTeacher] }],
    },
  },
  {
    files: ['src/provisioning/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        noWeakSignal,
        { object: 'process', property: 'env', message: 'provisioning/ takes its environment as an argument.' },
        { object: 'Date', property: 'now', message: 'provisioning/ takes now() as an argument.' },
        { object: 'Math', property: 'random', message: 'provisioning/ takes newId() as an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'provisioning/ takes now() as an argument.',
        },
      ],
    },
  },
  {
    files: ['src/vscode/**/*.ts', 'src/extension.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [noCloudflare, noProvisioning] }],
      'no-restricted-globals': ['error', noFetch],
    },
  },
  {
    files: ['src/window/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: [noVscode], patterns: [noCloudflare, noProvisioning] }],
      'no-restricted-globals': ['error', noFetch],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', noWaiting, noSilentSkip],
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'mocha', name: ['it', 'describe'] }] },
      ],
    },
  },
);
