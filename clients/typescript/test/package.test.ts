/** The package as it is published: packed, installed elsewhere, imported both ways, and what the documentation and the examples say of it. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ROOT, SPEECH, Service } from "./service.js";

const CLIENT = join(ROOT, "clients", "typescript");
const PROJECT = join(ROOT, "build", "typescript-client");
const EXAMPLES = join(ROOT, "examples", "typescript");
const TSC = join(CLIENT, "node_modules", "typescript", "bin", "tsc");
const EXAMPLE_NAMES = ["multi_node.ts", "simple.ts", "streaming.ts"];
const COMPILER = {
  target: "ES2022",
  lib: ["ES2023", "ESNext.Disposable"],
  module: "NodeNext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  rootDir: "src",
  outDir: "out",
};
const execute = promisify(execFile);

let service: Service;
before(async () => {
  service = await Service.start();
  await install();
  await compile();
});
after(async () => {
  await service[Symbol.asyncDispose]();
});

async function run(program: string, args: readonly string[], cwd = PROJECT): Promise<string> {
  const env = { ...process.env, GRPC_SERVER_ADDR: service.address };
  const { stdout, stderr } = await execute(program, args, { cwd, env, timeout: 100_000 });
  return stdout + stderr;
}

/** Installs the packed package into an empty project. Its dependencies are those that were installed from the lock file. */
async function install(): Promise<void> {
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(PROJECT, { recursive: true });
  const [packed] = JSON.parse((await execute("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", PROJECT], { cwd: CLIENT })).stdout) as [{ filename: string }];
  writeFileSync(join(PROJECT, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const at = join(PROJECT, "node_modules", "@remotemedia", "grpc-client");
  mkdirSync(at, { recursive: true });
  await execute("tar", ["-xzf", join(PROJECT, packed.filename), "-C", at, "--strip-components=1"]);
  for (const name of ["@bufbuild/protobuf", "@grpc", "yaml", "@types", "undici-types", "@js-sdsl", "@protobufjs", "protobufjs", "long", "lodash.camelcase"]) {
    cpSync(join(CLIENT, "node_modules", name), join(PROJECT, "node_modules", name), { recursive: true });
  }
}

const BODY = `
async function main(): Promise<void> {
  const client = new Client();
  const { audio } = await client.run(pipeline().pipe(resample(8000)), new Float32Array(16000), { sampleRate: 16000 });
  const frames: number | undefined = audio.resample?.frames;
  console.log(frames, VERSION);
  // @ts-expect-error: a parameter of another type
  resample("16000");
  // @ts-expect-error: a parameter that isn't
  resample({ rate: 16000 });
  client.close();
}
void main();
`;
const PAGES = { guide: "docs/clients/typescript.md", readme: "clients/typescript/README.md" };

/** Writes programs that use the package, in folders of their own, and compiles them all. */
async function compile(): Promise<void> {
  const source = (...path: string[]): string => join(PROJECT, "src", ...path);
  for (const folder of ["imports", "guide", "readme", "examples"]) mkdirSync(source(folder), { recursive: true });

  const names = ["{ Client, VERSION, pipeline }", "{ resample }"];
  const imports = names.map((name, i) => `import ${name} from "@remotemedia/grpc-client${i > 0 ? "/nodes" : ""}";\n`).join("");
  for (const name of ["esm.ts", "cjs.cts"]) writeFileSync(source("imports", name), imports + BODY);
  for (const [folder, page] of Object.entries(PAGES)) {
    const text = readFileSync(join(ROOT, page), "utf8").replaceAll('"localhost:50051"', JSON.stringify(service.address));
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((found) => found[1] ?? "");
    assert.ok(blocks.length > 1, page);
    writeFileSync(source(folder, "page.ts"), blocks.join("\n"));
  }
  for (const name of EXAMPLE_NAMES) cpSync(join(EXAMPLES, name), source("examples", name));

  writeFileSync(join(PROJECT, "tsconfig.json"), JSON.stringify({ compilerOptions: COMPILER, include: ["src"] }));
  try {
    await run(process.execPath, [TSC, "-p", "."]);
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error });
  }
}

test("what is packed is what is needed", () => {
  const at = join(PROJECT, "node_modules", "@remotemedia", "grpc-client");
  const files = readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(at, name)).isFile());
  assert.ok(files.every((name) => /^(README\.md|package\.json|dist\/(esm|cjs)\/(package\.json|.*\.js|.*\.d\.ts))$/.test(name)), files.join("\n"));
  assert.equal(files.filter((name) => name.startsWith("dist/esm/")).length, files.filter((name) => name.startsWith("dist/cjs/")).length);
  const manifest = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  assert.ok(Object.values(manifest.dependencies).every((version) => /^\d+\.\d+\.\d+$/.test(version)), "versions are pinned");
});

test("no registry's address is in the lock file", () => {
  assert.doesNotMatch(readFileSync(join(CLIENT, "package-lock.json"), "utf8"), /"resolved"/);
});

test("ES modules and CommonJS import it, with types", async () => {
  assert.match(readFileSync(join(PROJECT, "out", "imports", "cjs.cjs"), "utf8"), /require\("@remotemedia\/grpc-client"\)/);
  for (const name of ["esm.js", "cjs.cjs"]) assert.match(await run(process.execPath, [join("out", "imports", name)]), /^8000 \d+\.\d+\.\d+\n$/);
});

for (const [folder, page] of Object.entries(PAGES)) {
  test(`the blocks of ${page}`, async () => {
    const cwd = join(PROJECT, "out", folder);
    cpSync(SPEECH, join(cwd, "speech.wav"));
    await run(process.execPath, ["page.js"], cwd);
  });
}

test("every example is run", () => {
  assert.deepEqual(readdirSync(EXAMPLES).filter((name) => name.endsWith(".ts")).sort(), EXAMPLE_NAMES);
});

async function example(name: string, ...args: string[]): Promise<string> {
  return run(process.execPath, [join(PROJECT, "out", "examples", `${name}.js`), ...args], ROOT);
}

test("the example simple", async () => {
  const target = join(PROJECT, "speech-16k.wav");
  const out = await example("simple", SPEECH, target);
  assert.match(out, /5\.97 s at 16000 Hz, 1 channels of i16/);
  assert.equal(out.split("speech_start").length, 3);
  assert.ok(statSync(target).size > 100_000);
});

test("the example multi_node", async () => {
  const out = await example("multi_node");
  assert.match(out, /pcm {8}2 x 32000 i16 at 16000 Hz\n/);
  assert.match(out, /music {6}2 x 88200 f32 at 44100 Hz\n/);
  assert.match(out, /telephone {2}2 x 32000 f32/);
  assert.match(out, /refused, as it should be: resample: bad_parameter/);
});

test("the example streaming", async () => {
  const out = await example("streaming");
  assert.equal(out.split("speech_start").length, 3);
  assert.match(out, /Client requested close: 299 chunks in, 95465 frames out/);
});
