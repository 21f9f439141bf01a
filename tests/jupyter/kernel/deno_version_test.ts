import assert from "node:assert/strict";
import { kernelFault } from "dlm/jupyter/kernel/deno_version.ts";

Deno.test("kernelFault() finds fault with every Deno before 2.9.1", () => {
  for (const version of ["2.9.1", "2.9.1-rc.2", "2.9.6", "2.10.0", "3.0.0"]) {
    assert.equal(kernelFault(version), undefined, version);
  }
  for (const version of ["2.9.0", "2.8.3", "2.5.6", "1.46.3"]) {
    assert.match(kernelFault(version)!, RegExp(`Deno ${version} .* 2\\.9\\.1 or later`));
  }
});
