/** Tokens and encrypted connections, with a service of its own for each. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AuthenticationError, Client, type ClientOptions, UnavailableError, ValidationError } from "@remotemedia/grpc-client";
import { passThrough } from "@remotemedia/grpc-client/nodes";
import { Service } from "./service.js";
import { RATE, TONE } from "./sounds.js";

let pki = "";
before(() => {
  pki = mkdtempSync(join(tmpdir(), "remotemedia-pki-"));
});
after(() => {
  rmSync(pki, { recursive: true });
});

async function works(client: Client): Promise<void> {
  assert.equal((await client.run(passThrough(), TONE, RATE)).status, "success");
  const kinds = [];
  for await (const event of client.stream(passThrough(), [TONE], RATE)) kinds.push(event.type);
  assert.deepEqual(kinds, ["ready", "answer", "closed"]);
}

test("tokens of --auth-keys", async () => {
  const token = "a-token-of-the-tests-0123456789abcdef";
  await using service = await Service.start(["--auth-keys", token]);
  for (const right of [token, () => token, () => Promise.resolve(token)]) {
    await using client = new Client(service.address, { token: right });
    await works(client);
    assert.ok((await client.metrics()).requests > 0);
  }
  for (const [wrong, code] of [[undefined, "token_missing"], ["wrong-0123456789abcdef", "token_unknown"]] as const) {
    await using client = new Client(service.address, { token: wrong });
    assert.equal((await client.version()).compatible, true, "the version may be asked by all");
    for (const call of [() => client.run(passThrough(), TONE, RATE), () => client.stream(passThrough(), RATE).open(), () => client.metrics()]) {
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof AuthenticationError);
        assert.deepEqual([error.code, error.status], [code, "UNAUTHENTICATED"]);
        assert.match(error.message, /authorization/i);
        assert.match(error.requestId, /./);
        return true;
      });
    }
  }
  await using failing = new Client(service.address, { token: () => Promise.reject(new Error("the vault is locked")) });
  await assert.rejects(failing.run(passThrough(), TONE, RATE), /the vault is locked/);
});

const hasOpenssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
const skip = hasOpenssl ? false : "the certificates are made with openssl, which isn't there";

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { cwd: pki, stdio: "ignore" });
}

/** Makes a CA, and certificates of it for a server and a client. */
function makePki(): { file: (name: string) => string; read: (name: string) => string } {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem");
  for (const [name, extension] of [["server", "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:audio.test"], ["client", "extendedKeyUsage=clientAuth"]] as const) {
    openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    writeFileSync(join(pki, `${name}.ext`), extension);
    openssl("x509", "-req", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`, "-in", `${name}.csr`, "-out", `${name}.pem`);
  }
  const file = (name: string): string => join(pki, name);
  return { file, read: (name) => readFileSync(file(name), "utf8") };
}

test("TLS and mutual TLS", { skip }, async () => {
  const { file, read } = makePki();
  const once = { retry: { attempts: 1 } };
  const serve = ["--set", `server.tls.cert_path=${file("server.pem")}`, "--set", `server.tls.key_path=${file("server.key")}`, "--set", "server.tls.enabled=true"];
  const refused = async (address: string, options: ClientOptions): Promise<void> => {
    await using client = new Client(address, { ...once, ...options });
    await assert.rejects(client.run(passThrough(), TONE, RATE), (error) => error instanceof UnavailableError && error.message.includes('certificate'));
  };
  {
    await using service = await Service.start(serve);
    const address = service.address.replace("127.0.0.1", "localhost");
    for (const ca of [file("ca.pem"), read("ca.pem"), Buffer.from(read("ca.pem"))]) {
      await using client = new Client(address, { tls: { ca } });
      await works(client);
    }
    await using named = new Client(address, { tls: { ca: file("ca.pem"), serverName: "audio.test" } });
    await works(named);
    for (const tls of [true, { ca: file("ca.pem"), serverName: "other.test" }, false]) await refused(address, { tls });
  }
  await using service = await Service.start([...serve, "--set", `server.tls.client_ca_path=${file("ca.pem")}`]);
  const address = service.address.replace("127.0.0.1", "localhost");
  await using client = new Client(address, { tls: { ca: file("ca.pem"), cert: file("client.pem"), key: read("client.key") } });
  await works(client);
  await refused(address, { tls: { ca: file("ca.pem") } });
});

test("settings of TLS that can't be used", () => {
  assert.throws(() => new Client("localhost:1", { tls: { cert: "x.pem" } }), /one of them is missing/);
  assert.throws(() => new Client("localhost:1", { tls: { ca: "no.pem" } }), /can't be read/);
  const nonsense = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----";
  assert.throws(() => new Client("localhost:1", { tls: { cert: nonsense, key: nonsense } }), ValidationError);
});
