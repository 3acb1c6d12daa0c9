/** How something ended that may fail: `none` where it did not. */
export const faultOf = (asked: Promise<unknown>): Promise<{ code: string; message: string }> =>
  asked.then(
    () => ({ code: 'none', message: '' }),
    (error: { code: string; message: string }) => error,
  );

/** For keys without a passphrase. */
export const neverAsked = async (): Promise<string> => {
  throw new Error('asked for a passphrase');
};
