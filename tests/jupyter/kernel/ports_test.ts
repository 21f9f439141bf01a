import assert from "node:assert/strict";
import { freePorts } from "dlm/jupyter/kernel/_ports.ts";

const ignore = (await Deno.permissions.query({ name: "net" })).state !== "granted";

Deno.test("freePorts() finds different ports on which one can listen", { ignore }, () => {
  const ports = freePorts(200);
  assert.equal(new Set(ports).size, 200);
  const listeners = ports.map((port) => Deno.listen({ hostname: "127.0.0.1", port }));
  listeners.forEach((listener) => listener.close());
});

Deno.test("freePorts() stays below the ports that systems give to clients", { ignore }, () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert(Math.max(...freePorts(200)) < listener.addr.port);
  listener.close();
});

Deno.test("freePorts() passes over ports that are taken", { ignore }, () => {
  const taken = freePorts(200).map((port) => Deno.listen({ hostname: "127.0.0.1", port }));
  const ports = new Set(freePorts(200));
  taken.forEach((listener) => listener.close());
  assert(taken.every(({ addr }) => !ports.has(addr.port)));
});
