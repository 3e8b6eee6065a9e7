import { defineConfig } from 'vite';

/** What is served under `/console/assets/` is named by its content; `index.html` alone keeps its name. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  // Also where tests build it: what they look at is what people get.
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  oxc: { jsx: { development: false } },
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    // Nothing is inlined: the page's Content-Security-Policy would have to allow it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      onLog(level, log, report) {
        // `use client` is for servers that render; here is none.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
});
