import { pollPeriodMs } from '../rules/timing.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import { PATIENCE_MS } from './table-view.js';

/**
 * Polls for those that listen to changes. While a seat is held or a claim waits there are polls anyway. Else this one
 * polls each T/8, as a holder does: it writes nothing, and trouble of the share is no news for a listener.
 */
export class IdleWatch {
  private readonly context: ClientContext;
  private readonly client: Client;
  private isOn = false;

  constructor(context: ClientContext, client: Client) {
    this.context = context;
    this.client = client;
  }

  /** Polls as long as that is wanted, and no other polls. `intervalSeconds`: T, as it was last seen. */
  begin(isWanted: () => boolean, isPolling: () => boolean, intervalSeconds: () => number): void {
    if (this.isOn) return;
    this.isOn = true;
    void this.watch(isWanted, isPolling, intervalSeconds).finally(() => {
      this.isOn = false;
    });
  }

  private async watch(
    isWanted: () => boolean,
    isPolling: () => boolean,
    intervalSeconds: () => number,
  ): Promise<void> {
    const { clock, queue } = this.context;
    const { table } = this.client;
    const look = async () => {
      if (isWanted() && !isPolling()) await table.look(table.deadline(PATIENCE_MS));
    };
    while (isWanted()) {
      await clock.sleep(pollPeriodMs(intervalSeconds()));
      await queue.run(look).catch(() => undefined);
    }
  }
}
