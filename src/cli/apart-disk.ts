import { append } from '../share/append.js';
import { diskFiles } from '../share/disk.js';
import { ShareError } from '../share/files.js';
import { watchFile } from '../share/watch.js';
import type { Failure, Order, Told } from './apart.js';

/**
 * The process that does the file operations of one command, see apart.ts. It ends with its command, whatever hangs
 * here. It ignores signals, because the command handles them: a terminal or a service manager sends them to all
 * processes.
 */

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGBREAK'] as const;

type Method = (...args: readonly unknown[]) => Promise<unknown>;

const files = { ...diskFiles, append } as unknown as Readonly<Record<string, Method>>;
const watches = new Map<number, { stop: () => void }>();

const tell = (told: Told): void => void process.send?.(told, () => undefined);

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'call':
      return tell(await answerTo(order));
    case 'watch':
      return watch(order);
    case 'unwatch':
      watches.get(order.id)?.stop();
      watches.delete(order.id);
  }
}

async function answerTo({ id, name, args }: Extract<Order, { kind: 'call' }>): Promise<Told> {
  try {
    return { kind: 'answer', id, value: await files[name]?.(...args) };
  } catch (error) {
    return { kind: 'failure', id, failure: failureOf(error) };
  }
}

/** What the other side makes the same error of. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof ShareError))
    return { kind: 'unsaid', operation: '', path: '', cause: String(error), code: null };
  const { kind, operation, path, cause } = error;
  const { message, code } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return { kind, operation, path, cause: message ?? null, code: code ?? null };
}

function watch({ id, file, intervalMs }: Extract<Order, { kind: 'watch' }>): void {
  const hint = () => tell({ kind: 'hint', id });
  watches.set(
    id,
    watchFile(file, intervalMs, hint, () => tell({ kind: 'end', id })),
  );
}

for (const name of SIGNALS) process.on(name, () => undefined);
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (order: Order) => void obey(order));
tell({ kind: 'ready' });
