// Bundles tests/**/*.test.ts(x) and hands them to Node's own test runner.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const outdir = `${root}build/tests`;

const sources = readdirSync(`${root}tests`, { recursive: true })
  .filter((name) => /\.test\.tsx?$/.test(name))
  .map((name) => `tests/${name}`);
rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: sources,
  outdir,
  outbase: "tests",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  jsx: "automatic",
  jsxImportSource: "preact",
  sourcemap: "inline",
  logLevel: "warning",
});
const made = sources.map((name) => `${outdir}/${name.slice(6).replace(/\.tsx?$/, ".mjs")}`);
const run = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-timeout=60000", ...made],
  {
    stdio: "inherit",
  },
);
process.exitCode = run.status ?? 1;
