import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const { verify } = crypto;

/** How often signatures were verified in this process since then, in whatever part of it. */
export class Verifications {
  count = 0;

  constructor() {
    this.put(
      new Proxy(verify, {
        apply: (target, self, args) => {
          this.count++;
          return Reflect.apply(target, self, args);
        },
      }),
    );
  }

  stop(): void {
    this.put(verify);
  }

  private put(as: typeof verify): void {
    crypto.verify = as;
    syncBuiltinESMExports();
  }
}
