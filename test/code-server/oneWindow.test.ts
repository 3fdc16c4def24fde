import { describeDevServers } from './devServers.ts';
import { sharedRoom } from './room.ts';
import { describeTerminals } from './terminals.ts';

describe('in one window', () => {
  const room = sharedRoom('one window');
  describeTerminals(room);
  describeDevServers(room);
});
