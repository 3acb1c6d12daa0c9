#!/usr/bin/env node
import { startIfNeeded } from '../dist/cli/disk-process.js';

const disk = startIfNeeded(process.argv.slice(2));
const { main } = await import('../dist/cli/main.js'); // takes longer than that process
await main(import.meta.url, disk);
