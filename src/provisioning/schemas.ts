// Schemas of the files in the state folder.
import * as z from 'zod/mini';

// A disk can tear these files, and with a shared folder other accounts can write them. Unknown keys pass, so that a newer version may
// add some.

const processShape = z.looseObject({
  pid: z.int(),
  startTime: z.optional(z.string()),
  bootId: z.string(),
  pidNamespace: z.string(),
  host: z.string(),
});
const holderShape = z.looseObject({ id: z.string(), process: z.optional(processShape) });
const siteShape = z.looseObject({
  hostname: z.string(),
  user: z.string(),
  port: z.int(),
  machine: z.string(),
  service: z.string(),
});

const pauseShape = z.looseObject({
  user: z.optional(z.string()),
  since: z.string(),
  until: z.optional(z.string()),
  message: z.optional(z.string()),
});

const stopShape = z.looseObject({
  user: z.string(),
  since: z.string(),
  sites: z.array(z.looseObject({ hostname: z.string(), port: z.int() })),
  sockets: z.array(z.int()),
});

export const stateShape = z.looseObject({
  version: z.literal(1),
  publications: z.array(z.extend(siteShape, { since: z.string(), holders: z.array(holderShape) })),
  unsettled: z.array(siteShape),
  idle: z._default(z.array(z.extend(siteShape, { idleSince: z.string() })), []),
  stops: z._default(z.array(stopShape), []),
  pauses: z._default(z.array(pauseShape), []),
});

const teachersShape = { by: z.string(), users: z.optional(z.array(z.string())) };

export const requestShape = z.looseObject({
  version: z.literal(1),
  at: z.number(),
  by: processShape,
  action: z.discriminatedUnion('kind', [
    z.looseObject({
      kind: z.literal('publish'),
      site: siteShape,
      holder: holderShape,
      verify: z.boolean(),
      startedAt: z.optional(z.string()),
    }),
    z.looseObject({ kind: z.literal('release'), user: z.string(), holder: z.string() }),
    z.looseObject({ kind: z.literal('unpublish'), site: siteShape }),
    z.looseObject({ kind: z.literal('collect'), idleRecords: z.optional(z.boolean()) }),
    z.looseObject({ kind: z.literal('stop'), ...teachersShape }),
    z.looseObject({
      kind: z.literal('pause'),
      ...teachersShape,
      until: z.optional(z.string()),
      message: z.optional(z.string()),
    }),
    z.looseObject({ kind: z.literal('resume'), ...teachersShape }),
  ]),
});
