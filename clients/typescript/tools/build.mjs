// Builds dist/esm and dist/cjs. The first is type-checked; the second is the same code and the same declarations, as CommonJS.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const esm = join(root, "dist", "esm");
const cjs = join(root, "dist", "cjs");

for (const [folder, type] of [
  [esm, "module"],
  [cjs, "commonjs"],
]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ type, sideEffects: false })}\n`);
}

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.json"), "--outDir", esm], { stdio: "inherit" });

const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };
for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".ts"))) {
  const base = name.slice(0, -".ts".length);
  const { outputText } = ts.transpileModule(readFileSync(join(root, "src", name), "utf8"), { compilerOptions, fileName: name });
  mkdirSync(dirname(join(cjs, base)), { recursive: true });
  writeFileSync(join(cjs, `${base}.js`), outputText);
  cpSync(join(esm, `${base}.d.ts`), join(cjs, `${base}.d.ts`));
}
