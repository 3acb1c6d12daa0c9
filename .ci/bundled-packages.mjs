/** Packages inside the shipped ES modules. A customer does not install them; the package brings their licences. */
export const BUNDLED = ['proper-lockfile', 'retry', 'write-file-atomic'];

/** Packages that the CommonJS files have inside besides: some of them cannot be required on Node 20. */
export const BUNDLED_IN_CJS = ['chokidar', 'readdirp', 'zod'];
