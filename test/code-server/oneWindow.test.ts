import { describeClassView } from './classView.ts';
import { describeDevServers } from './devServers.ts';
import { sharedSession } from './sharedSession.ts';
import { describeTerminals } from './terminals.ts';

describe('in one window', () => {
  const shared = sharedSession('one window');
  describeTerminals(shared);
  describeDevServers(shared);
  describeClassView(shared);
});
