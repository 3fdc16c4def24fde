/* global document, MutationObserver */
// Runs in code-server's page before its scripts. Makes the workbench accept a payload that names a test suite.
new MutationObserver((_, observer) => {
  const meta = document.querySelector('#vscode-workbench-web-configuration');
  const settings = meta?.getAttribute('data-settings');
  if (!settings) return;
  observer.disconnect();
  const configuration = JSON.parse(settings);
  configuration.developmentOptions = { ...configuration.developmentOptions, enableSmokeTestDriver: true };
  meta.setAttribute('data-settings', JSON.stringify(configuration));
}).observe(document, { childList: true, subtree: true });
