// What npm would publish: installed as a user would, used from both kinds of module, and its types.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { missing, ownClient, startSandbox } from "./support/chain.mjs";
import { ownDirectory } from "./support/fake.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** A project that has the packed package as its dependency, laid out as npm would, without a network. */
function install(t) {
  const home = ownDirectory(t);
  const packed = execFileSync(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", home],
    {
      cwd: HERE,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf("[")));
  const modules = join(home, "node_modules");
  mkdirSync(join(modules, "difypool"), { recursive: true });
  execFileSync("tar", [
    "-xzf",
    join(home, filename),
    "--strip-components=1",
    "-C",
    join(modules, "difypool"),
  ]);
  cpSync(join(HERE, "node_modules/@msgpack"), join(modules, "@msgpack"), { recursive: true });
  cpSync(join(HERE, "examples"), home, { recursive: true });
  return { home, names: files.map((file) => file.path) };
}

const EXPORTS = [
  "Client",
  "DifyError",
  "Download",
  "EventStream",
  "NotFoundError",
  "Push",
  "Reply",
  "CLASSES",
];

test("the package holds both builds, their types and sources, and nothing else", (t) => {
  const { names } = install(t);
  for (const build of ["esm", "cjs"]) {
    for (const file of ["index.js", "index.d.ts", "methods.d.ts"])
      assert(names.includes(`dist/${build}/${file}`), file);
  }
  assert(names.includes("dist/cjs/package.json"));
  const strange = names.filter(
    (name) => !/^(dist\/|src\/.*\.ts$|README\.md$|LICENSE$|package\.json$)/.test(name),
  );
  assert.deepEqual(strange, []);
});

test("it is imported and required by its name, with the same exports", async (t) => {
  const { home } = install(t);
  const list = "console.log(JSON.stringify(Object.keys(d).sort()))";
  const imported = await run(
    process.execPath,
    ["--input-type=module", "-e", `import * as d from "difypool"; ${list}`],
    { cwd: home },
  );
  const required = await run(
    process.execPath,
    ["--input-type=commonjs", "-e", `const d = require("difypool"); ${list}`],
    { cwd: home },
  );
  assert.equal(imported.stdout, required.stdout);
  const names = JSON.parse(imported.stdout);
  for (const name of EXPORTS) assert(names.includes(name), name);
});

test("its types hold in both kinds of module", async (t) => {
  const { home } = install(t);
  cpSync(join(HERE, "node_modules/@types"), join(home, "node_modules/@types"), { recursive: true });
  cpSync(join(HERE, "node_modules/undici-types"), join(home, "node_modules/undici-types"), {
    recursive: true,
  });
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const common = [
    "--noEmit",
    "--strict",
    "--target",
    "ES2022",
    "--lib",
    "ES2022",
    "--types",
    "node",
    "--skipLibCheck",
  ];
  for (const type of ["module", "commonjs"]) {
    writeFileSync(join(home, "package.json"), JSON.stringify({ type }));
    const args = [
      tsc,
      ...common,
      "--module",
      "NodeNext",
      "--moduleResolution",
      "NodeNext",
      "types.ts",
    ];
    await run(process.execPath, args, { cwd: home }).catch((error) =>
      assert.fail(`${type}: ${error.stdout}`),
    );
  }
});

test("the lock file names no host of a registry", () => {
  assert(!readFileSync(join(HERE, "package-lock.json"), "utf8").includes('"resolved"'));
});

test("the README's first example is examples/first.mjs", () => {
  const readme = readFileSync(join(HERE, "README.md"), "utf8");
  assert.equal(
    /```js\n([\s\S]*?)```/.exec(readme)[1],
    readFileSync(join(HERE, "examples/first.mjs"), "utf8"),
  );
});

test("every program among the examples runs", { skip: missing }, async (t) => {
  const { home } = install(t);
  const sandbox = await startSandbox(t, "--indexing-interval", "0.01");
  process.env.DIFYPOOL_AUTOSTART = "1";
  const { client, socket } = ownClient(t, sandbox);
  await client.info();
  const env = {
    ...process.env,
    DIFYPOOL_SOCKET: socket,
    DIFY_URL: sandbox.https,
    DIFY_KEY: sandbox.key,
    DIFY_CA: sandbox.ca_file,
  };
  const said = {};
  for (const name of readdirSync(join(HERE, "examples")).filter((name) => !name.endsWith(".ts"))) {
    said[name] = (await run(process.execPath, [name], { cwd: home, env, timeout: 60_000 })).stdout;
  }
  assert.match(said["first.mjs"], /^hello \w+\n$/);
  assert.match(said["crawl.cjs"], /created https:\/\/docs\.test\/install\n[\s\S]*created: 3/);
});
