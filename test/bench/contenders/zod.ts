/** Not a way to take seats: a process that has loaded zod and used it, as many applications have. */
import { z } from 'zod';
import { NO_TRAFFIC, type Session } from './contender.js';

export const prepare = async (): Promise<string> => '';

export async function open(): Promise<Session> {
  z.object({ seats: z.array(z.string()) }).parse({ seats: ['ada'] });
  return {
    acquire: async () => 'seated',
    release: async () => undefined,
    traffic: () => NO_TRAFFIC,
    isSeated: () => true,
  };
}
