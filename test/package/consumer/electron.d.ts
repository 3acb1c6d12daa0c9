/** What the README uses of Electron. */
declare module 'electron' {
  interface Event {
    preventDefault(): void;
  }
  interface BrowserWindow {
    readonly webContents: { send(channel: string, ...args: unknown[]): void };
  }
  export const BrowserWindow: { getAllWindows(): BrowserWindow[] };
  export const app: {
    on(event: 'will-quit', listener: (event: Event) => void): void;
    quit(): void;
    whenReady(): Promise<void>;
  };
  export const powerMonitor: { on(event: 'resume', listener: () => void): void };
}
