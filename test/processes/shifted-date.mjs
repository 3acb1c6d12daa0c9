/**
 * Preloaded with `node --import`: moves this process's wall clock by SHIFT_MS milliseconds, as if its host's clock were
 * wrong. Only Date is moved; performance.now() and the timers go on as they are, as they would on such a host.
 */
const shiftMs = Number(process.env.SHIFT_MS ?? 0);
const RealDate = Date;
const now = () => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});
