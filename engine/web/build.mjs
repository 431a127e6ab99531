// Bundles the pages into one script, one style sheet and one page, with their hashes in their names,
// each also compressed: node build.mjs FOLDER
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const GZIP_MAX = 60 * 1024; // of everything, as a browser loads it

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(64);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const { outputFiles } = await build({
  entryPoints: [join(here, "src/main.tsx")],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  outdir: out,
});

let compressed = 0;
function put(name, bytes) {
  const small = gzipSync(bytes, { level: 9 });
  compressed += small.length;
  writeFileSync(join(out, name), bytes);
  writeFileSync(join(out, name + ".gz"), small);
}

let page = readFileSync(join(here, "src/index.html"), "utf8");
for (const file of outputFiles) {
  const name = basename(file.path);
  put(name, file.contents);
  page = page.replace(name.endsWith(".css") ? "STYLE" : "SCRIPT", `/pages/${name}`);
}
put("index.html", Buffer.from(page));
if (compressed > GZIP_MAX) {
  console.error(`the pages take ${compressed} bytes compressed; ${GZIP_MAX} is the limit`);
  process.exit(1);
}
console.log(`pages: ${compressed} bytes compressed`);
