import assert from 'node:assert/strict';
import type { SniffResult } from '../../../src/relay/target.ts';
import type { OtherServer } from '../../../src/shell/otherServers.ts';
import { identify } from '../../../src/shell/processIds.ts';
import type { Info } from '../../../src/window/cli/events.ts';
import { OfferMemory } from '../../../src/window/server/offerMemory.ts';
import { offerText, ServerOffers, type Offer, type OfferAnswer } from '../../../src/window/server/offers.ts';
import { emptyWindow, type WindowState } from '../../../src/window/site/windowState.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import { examples, shell, stopped } from '../site/sites.ts';

const own = identify(process.pid) ?? '';
const folder = '/home/student1/site';
const info: Info = {
  ...{ event: 'info', user: 'student1', machine: 'host', port: 3000, hostname: null, url: null, publication: null },
  ...{ commands: ['npm run dev'], portVariable: 'PORT', visibility: 'public', socketFolder: '/state/sockets/1000' },
};
const listener = (port: number) => ({ port, uid: 1000, inode: port, address: '127.0.0.1' });
const server = (port = 4000, program = 'node server.js'): OtherServer => ({
  ...{ shell, process: own, program, folder },
  listeners: [listener(port)],
});

class World {
  readonly asked: string[] = [];
  readonly accepted: Offer[] = [];
  readonly store = new Map<string, readonly string[]>();
  info: Info | undefined = info;
  site: Site | undefined;
  shown: number | undefined;
  answer: OfferAnswer | undefined = 'public';
  result: SniffResult = 'page';
  offers = this.window();

  /** The offers of a new window, which remembers what the one before wrote. */
  window(): ServerOffers {
    return new ServerOffers({
      state: (): WindowState => ({ ...emptyWindow, sites: new Map(this.site ? [[3000, this.site]] : []) }),
      info: () => this.info,
      sniff: () => Promise.resolve(this.result),
      shownPort: () => this.shown,
      memory: new OfferMemory({ get: (key) => this.store.get(key), update: (key, list) => this.store.set(key, list) }),
      isOurs: (program) => program.includes('/extension/'),
      ask: (offer) => {
        this.asked.push(offerText(offer));
        return Promise.resolve(this.answer);
      },
      accept: (offer) => this.accepted.push(offer),
    });
  }
  places = (): unknown[] => this.accepted.map(({ port, sitePort }) => [port, sitePort]);
}

const question = 'A server of yours runs on port 4000. Make it public?';

describe('a server that no watched command started', () => {
  let world: World;
  beforeEach(() => (world = new World()));

  it("is offered once, and public at the student's own port when they say so", async () => {
    await world.offers.seen([server()]);
    await world.offers.seen([server()]);
    assert.deepEqual([world.asked, world.places()], [[question], [[4000, 3000]]]);
  });

  for (const answer of ['notNow', undefined] as const)
    it(`is not offered again after ${answer ?? 'no answer'}, for its program and folder`, async () => {
      world.answer = answer;
      await world.offers.seen([server()]);
      await world.window().seen([server()]);
      assert.deepEqual([world.asked.length, world.accepted], [1, []]);
      await world.window().seen([server(4000, 'node other.js')]);
      assert.equal(world.asked.length, 2, 'another program is another question');
    });

  it('is never offered again in a folder for which the student said never', async () => {
    world.answer = 'never';
    await world.offers.seen([server()]);
    await world.window().seen([server(4000, 'node other.js')]);
    assert.equal(world.asked.length, 1);
  });

  it('is offered again at its next start after it was public', async () => {
    await world.offers.seen([server()]);
    await world.window().seen([server()]);
    assert.deepEqual(world.asked, [question, question]);
  });

  it('goes on without a question when it starts again where its site waits for it', async () => {
    await world.offers.seen([server()]);
    world.site = { ...examples.stopped, runs: stopped() };
    const again = { ...server(), process: identify(1) ?? '' };
    await world.offers.seen([again]);
    assert.equal(world.asked.length, 1);
  });

  it('says which server visitors will no longer see', async () => {
    [world.site, world.shown] = [examples.live, 5173];
    await world.offers.seen([server()]);
    assert.deepEqual(world.asked, [`${question} Your link then shows it, and no longer your server on port 5173.`]);
  });

  it('gets an address of its own where the teacher allows it and the link is in use', async () => {
    world.info = { ...info, extraPorts: [4000, 4010] };
    await world.offers.seen([server()]);
    world.site = examples.live;
    await world.offers.seen([server(4001, '')]);
    assert.deepEqual(world.places(), [
      [4000, 3000],
      [4001, 4001],
    ]);
    assert.match(world.asked.at(-1) ?? '', /address of its own/);
  });

  it('is published at its own port where there is no relay or no assigned port', async () => {
    world.info = { ...info, socketFolder: null };
    await world.offers.seen([server()]);
    assert.deepEqual(world.places(), [[4000, 4000]]);
  });

  it('is not offered while it speaks no HTTP, and is once it does', async () => {
    world.result = 'none';
    await world.offers.seen([server()]);
    world.result = 'http';
    await world.offers.seen([server()]);
    assert.deepEqual(world.asked, [question]);
  });

  it('is not offered without a page of an extension, of this extension, if visitors see it, or before the class is known', async () => {
    world.result = 'http';
    await world.offers.seen([server(4000, '')]);
    await world.offers.seen([server(4000, 'node /extension/dist/relay.cjs')]);
    [world.site, world.shown] = [examples.live, 4000];
    await world.offers.seen([server()]);
    [world.site, world.info] = [undefined, undefined];
    await world.offers.seen([server()]);
    assert.deepEqual(world.asked, []);
  });

  it('can be chosen by the student wherever visitors do not see it', async () => {
    world.info = { ...info, extraPorts: [4000, 4010] };
    world.site = examples.live;
    const offer = await world.offers.find(server());
    assert.ok(offer);
    const places = (): number[] => world.offers.choicesFor(offer).map(({ sitePort }) => sitePort);
    assert.deepEqual(places(), [3000, 4000]);
    world.shown = 4000;
    assert.deepEqual(places(), []);
  });
});
