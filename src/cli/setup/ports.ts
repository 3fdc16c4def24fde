/** Which student may use which port, by the keys of the configuration. */
export interface PortKeys {
  readonly ports?: Readonly<Record<string, number>>;
  readonly portRange?: readonly [number, number];
}

/** `student1=3001,student2=3002`. @throws Error whose message says what is wrong */
export function parsePorts(text: string): PortKeys {
  const ports: Record<string, number> = {};
  for (const part of text.split(/[,\s]+/).filter((one) => one !== '')) {
    const [, user, port] = /^([^=]+)=(\d+)$/.exec(part) ?? [];
    if (user === undefined || !isPort(Number(port))) throw new Error(`"${part}" is not USER=PORT`);
    if (Object.values(ports).includes(Number(port))) throw new Error(`the port ${Number(port)} is there twice`);
    ports[user] = Number(port);
  }
  if (Object.keys(ports).length === 0) throw new Error('no student is named');
  return { ports };
}

/** `3000-3099`. @throws Error whose message says what is wrong */
export function parsePortRange(text: string): PortKeys {
  const [, first, last] = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(text) ?? [];
  const range = [Number(first), Number(last)] as const;
  if (!range.every(isPort) || range[0] > range[1]) throw new Error(`"${text}" is not FIRST-LAST, such as 3000-3099`);
  return { portRange: range };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}
