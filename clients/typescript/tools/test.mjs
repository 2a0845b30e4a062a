// Runs the tests that were compiled to dist/test: all, or those whose names are given.
//   node tools/test.mjs [run stream ...]
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist", "test", "test");
const wanted = process.argv.slice(2);
const files = readdirSync(folder).filter((name) => name.endsWith(".test.js") && (wanted.length === 0 || wanted.includes(name.slice(0, -8))));
const options = ["--test", "--test-timeout=300000", "--test-reporter=spec"];
const { status } = spawnSync(process.execPath, [...options, ...files.map((name) => join(folder, name))], { stdio: "inherit" });
process.exit(status ?? 1);
