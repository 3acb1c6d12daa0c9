import type { Settings } from '../licence/document.js';

/** In the order of the schema: settings are compared by their texts. */
const ORDER = [
  ...['level', 'checkIntervalSeconds', 'onDemand', 'offlineGraceSeconds'],
  ...['bans', 'reservations', 'journalMonths'],
];

/** The settings with these changes; undefined takes one back. */
export function mergedSettings(settings: Settings, changes: Settings): Settings {
  const merged: Readonly<Record<string, unknown>> = { ...settings, ...changes };
  const names = [...new Set([...ORDER, ...Object.keys(merged)])].filter((name) => merged[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, merged[name]]));
}
