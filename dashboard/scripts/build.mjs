// Builds dist/: one script in hashed pieces, one style sheet, index.html with their names,
// and a .gz and a .br beside each file. `--watch` builds again when a source changes.
import { mkdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const finished = `${root}dist`;
const unfinished = `${root}build/dist`;
// What a first visit may cost in all, gzipped.
const BUDGET_BYTES = 300_000;

async function bundle() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { main: "src/main.tsx", style: "src/styles/index.css" },
    outdir: unfinished,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    write: false,
    jsx: "automatic",
    jsxImportSource: "preact",
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".svg": "file" },
    publicPath: "/",
    legalComments: "none",
    logLevel: "warning",
  });
  return { files: result.outputFiles, outputs: result.metafile.outputs };
}

/** The names of an entry's file and of the files that it needs at once. */
function entry(outputs, source) {
  const [path, output] = Object.entries(outputs).find(([, made]) => made.entryPoint === source);
  const needed = output.imports.filter((made) => made.kind === "import-statement");
  const href = (made) => `/assets/${basename(made)}`;
  return { file: href(path), needed: needed.map((made) => href(made.path)) };
}

function page(outputs) {
  const main = entry(outputs, "src/main.tsx");
  const style = entry(outputs, "src/styles/index.css");
  const preloads = main.needed.map((href) => `<link rel="modulepreload" href="${href}">`);
  return readFileSync(`${root}src/index.html`, "utf8")
    .replace("{{preloads}}", preloads.join("\n    "))
    .replace("{{style}}", style.file)
    .replace("{{script}}", main.file);
}

async function write(name, contents) {
  const bytes = Buffer.from(contents);
  const [gzipped, brotli] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  ]);
  writeFileSync(`${unfinished}/${name}`, bytes);
  writeFileSync(`${unfinished}/${name}.gz`, gzipped);
  writeFileSync(`${unfinished}/${name}.br`, brotli);
  return gzipped.length;
}

async function make() {
  const { files, outputs } = await bundle();
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(`${unfinished}/assets`, { recursive: true });
  const sizes = await Promise.all([
    write("index.html", page(outputs)),
    write("icon.svg", readFileSync(`${root}src/icon.svg`)),
    ...files.map((file) => write(`assets/${basename(file.path)}`, file.contents)),
  ]);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // Whoever is served meanwhile sees the old page or the new one.
  rmSync(finished, { recursive: true, force: true });
  renameSync(unfinished, finished);
  console.log(`dashboard/dist: ${(total / 1000).toFixed(1)} kB gzipped in ${sizes.length} files`);
  return total;
}

const total = await make();
if (process.argv.includes("--watch")) {
  let due;
  watch(`${root}src`, { recursive: true }, () => {
    clearTimeout(due);
    due = setTimeout(() => make().catch((error) => console.error(error.message)), 50);
  });
} else if (total > BUDGET_BYTES) {
  console.error(`The page is heavier than ${BUDGET_BYTES / 1000} kB gzipped.`);
  process.exitCode = 1;
}
