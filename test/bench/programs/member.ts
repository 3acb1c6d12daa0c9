/**
 * One process of a measurement: loads what it measures, says that it is ready, and does what it is told, line by line.
 * An answer tells what it cost.
 */
import { createInterface } from 'node:readline';
import { type Contender, NO_TRAFFIC, type Session } from '../contenders/contender.js';
import type { Job, Order, Said } from '../member.js';

const { contender, table, user, delayMs } = JSON.parse(process.argv[2] ?? '') as Job;
const { open } = (await import(`../contenders/${contender}.js`)) as Contender;
let session: Session | null = null;

const cpuMs = (): number => {
  const { user: own, system } = process.cpuUsage();
  return (own + system) / 1000;
};

const opened = (): Session => {
  if (session === null) throw new Error('nothing is open');
  return session;
};

/** Each returns the times of what it did, one by one. Milliseconds. */
const orders: Readonly<Record<Order['do'], (times: number) => Promise<readonly number[]>>> = {
  open: async () => {
    session = await open(table, { user, delayMs });
    return [];
  },
  acquire: async () => await repeated(1, [() => opened().acquire()]),
  seat: async () => {
    await orders.open(1);
    return await orders.acquire(1);
  },
  refused: async (times) => await repeated(times, [expectFull]),
  pairs: async (times) => await repeated(times, [() => opened().acquire(), () => opened().release()]),
  valid: async (times) => {
    const { isSeated } = opened();
    const sinceMs = performance.now();
    let seated = 0;
    for (let n = 0; n < times; n++) if (isSeated()) seated++;
    if (seated !== times) throw new Error(`seated ${seated} of ${times} times`);
    return [(performance.now() - sinceMs) / times];
  },
  state: async () => [],
};

async function expectFull(): Promise<void> {
  const answer = await opened().acquire();
  if (answer !== 'full') throw new Error(`expected no free seat, got ${answer}`);
}

async function repeated(times: number, acts: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const tookMs: number[] = [];
  for (let n = 0; n < times; n++) {
    for (const act of acts) {
      const sinceMs = performance.now();
      await act();
      tookMs.push(performance.now() - sinceMs);
    }
  }
  return tookMs;
}

async function obey(order: Order): Promise<Said> {
  const failure: { error?: string } = {};
  const tookMs = await orders[order.do](order.times ?? 1).catch((error: unknown) => {
    failure.error = String(error);
    return [];
  });
  return {
    ...failure,
    ...{ cpuMs: cpuMs(), residentBytes: process.memoryUsage.rss(), tookMs },
    traffic: session?.traffic() ?? NO_TRAFFIC,
    isSeated: session?.isSeated() ?? false,
  };
}

const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
createInterface({ input: process.stdin })
  .on('line', (line) => void obey(JSON.parse(line) as Order).then(say))
  .on('close', () => process.exit(0)); // the bench has ended
say(await obey({ do: 'state' }));
