import assert from "node:assert/strict";
import { dirname } from "node:path";
import { removeLeftovers, WriteError, writeFileAtomic } from "dlm/files/atomic.ts";
import { Rng } from "dlm/rng.ts";

// These write files and start processes, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const old = new Uint8Array(1000).fill(1);

/** Runs a test in a folder of its own, with the path of a file that holds `old`. */
function testWithFile(
  name: string,
  run: (path: string, folder: string) => Promise<void>,
): void {
  Deno.test(name, { ignore }, async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/a file`;
    await Deno.writeFile(path, old);
    try {
      await run(path, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Every write to a file takes 7 bytes, then the disk is full. */
function fillDisk(): Disposable {
  const { write } = Deno.FsFile.prototype;
  let room = 7;
  Deno.FsFile.prototype.write = function (bytes) {
    const part = bytes.subarray(0, room);
    room = 0;
    if (part.length > 0) return write.call(this, part);
    const full = new Error("No space left on device (os error 28)");
    return Promise.reject(Object.assign(full, { code: "ENOSPC" }));
  };
  return {
    [Symbol.dispose]: () => void (Deno.FsFile.prototype.write = write),
  };
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), (entry) => entry.name);
}

testWithFile("writeFileAtomic() replaces a file", async (path, folder) => {
  await writeFileAtomic(path, new Uint8Array([1, 2, 3]));
  assert.deepEqual(await Deno.readFile(path), new Uint8Array([1, 2, 3]));
  assert.deepEqual(names(folder), ["a file"]);
});

testWithFile(
  "writeFileAtomic() leaves a link a link, and permissions as they were",
  async (path, folder) => {
    if (Deno.build.os === "windows") return; // which has other permissions, and links for few
    await Deno.chmod(path, 0o600);
    await Deno.mkdir(`${folder}/elsewhere`);
    const link = `${folder}/elsewhere/link`;
    await Deno.symlink(path, link);
    await writeFileAtomic(link, new Uint8Array([5]), { previous: `${folder}/elsewhere/previous` });
    assert((await Deno.lstat(link)).isSymlink);
    assert.deepEqual(await Deno.readFile(path), new Uint8Array([5]));
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual(await Deno.readFile(`${folder}/elsewhere/previous`), old);
    assert.deepEqual(names(folder).sort(), ["a file", "elsewhere"]);
  },
);

testWithFile("writeFileAtomic() takes a URL", async (path) => {
  await writeFileAtomic(new URL(`file://${path}`), new Uint8Array([4]));
  assert.deepEqual(await Deno.readFile(path), new Uint8Array([4]));
});

testWithFile(
  "writeFileAtomic() keeps the old file when the disk is full",
  async (path, folder) => {
    using _ = fillDisk();
    await assert.rejects(writeFileAtomic(path, new Uint8Array(2000)), {
      name: "WriteError",
      message: /^Cannot write 2000 bytes to .*No space left on device.*\.$/,
    });
    assert.deepEqual(await Deno.readFile(path), old);
    assert.deepEqual(names(folder), ["a file"]);
  },
);

testWithFile(
  "writeFileAtomic() makes the folder, and throws if it cannot",
  async (path, folder) => {
    await writeFileAtomic(`${folder}/new/er/file`, old);
    assert.deepEqual(await Deno.readFile(`${folder}/new/er/file`), old);
    await assert.rejects(writeFileAtomic(`${path}/file`, old), WriteError);
  },
);

testWithFile("writeFileAtomic() keeps what was there before", async (path, folder) => {
  const previous = `${folder}/previous`;
  for (const byte of [2, 3]) {
    const before = await Deno.readFile(path);
    await writeFileAtomic(path, new Uint8Array([byte]), { previous });
    assert.deepEqual(await Deno.readFile(path), new Uint8Array([byte]));
    assert.deepEqual(await Deno.readFile(previous), before);
  }
  assert.deepEqual(names(folder).sort(), ["a file", "previous"]);
});

testWithFile(
  "writeFileAtomic() keeps what was there where files have no links",
  async (path, folder) => {
    const { link } = Deno;
    Deno.link = () => Promise.reject(new Error("Operation not permitted (os error 1)"));
    using _ = { [Symbol.dispose]: () => void (Deno.link = link) };
    await writeFileAtomic(path, new Uint8Array([2]), { previous: `${folder}/previous` });
    assert.deepEqual(await Deno.readFile(`${folder}/previous`), old);
  },
);

testWithFile("writeFileAtomic() needs nothing that was there before", async (_, folder) => {
  await writeFileAtomic(`${folder}/new`, old, { previous: `${folder}/previous` });
  assert.deepEqual(names(folder).sort(), ["a file", "new"]);
});

testWithFile(
  "writeFileAtomic() goes on where both names are of one file, as a kill may leave them",
  async (path, folder) => {
    await Deno.link(path, `${folder}/previous`);
    await writeFileAtomic(path, new Uint8Array([2]), { previous: `${folder}/previous` });
    assert.deepEqual(await Deno.readFile(`${folder}/previous`), old);
    assert.deepEqual(names(folder).sort(), ["a file", "previous"]);
  },
);

testWithFile(
  "removeLeftovers() removes what a killed writer left, and no more",
  async (path, folder) => {
    const uuid = "01234567-89ab-cdef-0123-456789abcdef";
    const others = ["a file.tmp", `another file.${uuid}.tmp`, `a file.${uuid}.txt`];
    for (const name of [...others, `a file.${uuid}.tmp`]) {
      await Deno.writeFile(`${folder}/${name}`, old);
    }
    await removeLeftovers(path);
    assert.deepEqual(names(folder).sort(), ["a file", ...others].sort());
    await removeLeftovers(`${folder}/none/file`);
  },
);

testWithFile(
  "removeLeftovers() finds what a writer left that was killed before one of its renames",
  async (path, folder) => {
    const previous = `${folder}/before`;
    for (const rename of [1, 2]) {
      const code = `import { writeFileAtomic } from "dlm/files/atomic.ts";
      const rename = Deno.rename;
      let renames = 0;
      Deno.rename = (from, to) => ++renames === ${rename} ? Deno.kill(Deno.pid, "SIGKILL") : rename(from, to);
      await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(5), {
        previous: ${JSON.stringify(previous)},
      });`;
      const { signal } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
      assert.equal(signal, "SIGKILL");
      assert.equal(names(folder).filter((name) => name.endsWith(".tmp")).length, 3 - rename);
      await removeLeftovers(path);
      assert.deepEqual(names(folder).sort(), rename === 1 ? ["a file"] : ["a file", "before"]);
      assert.deepEqual(await Deno.readFile(path), old);
    }
  },
);

testWithFile(
  "writeFileAtomic() keeps what was there beside a link, which may lead to another disk",
  async (path, folder) => {
    const elsewhere = await Deno.makeTempDir({ dir: folder });
    const link = `${elsewhere}/a link`;
    await Deno.symlink(path, link);
    const renames: string[] = [];
    const { rename } = Deno;
    Deno.rename = async (from, to) => {
      renames.push(...[from, to].map((name) => dirname(String(name))));
      await rename(from, to);
    };
    try {
      await writeFileAtomic(link, new Uint8Array(5), { previous: `${elsewhere}/before` });
    } finally {
      Deno.rename = rename;
    }
    assert.deepEqual(renames, [elsewhere, elsewhere, folder, folder]); // none crosses disks
    assert.deepEqual(await Deno.readFile(`${elsewhere}/before`), old);
    assert.deepEqual(await Deno.readFile(path), new Uint8Array(5));
  },
);

testWithFile(
  "writeFileAtomic() leaves one whole file of several writers",
  async (path, folder) => {
    const writers = Array.from(
      { length: 8 },
      (_, i) => writeFileAtomic(path, new Uint8Array(100_000).fill(i)),
    );
    await Promise.all(writers);
    const found = await Deno.readFile(path);
    assert.deepEqual(found, new Uint8Array(100_000).fill(found[0]!));
    assert.deepEqual(names(folder), ["a file"]);
  },
);

testWithFile(
  "writeFileAtomic() leaves a whole file when the process is killed",
  async (path) => {
    const size = 3_000_000;
    const code = `import { writeFileAtomic } from "dlm/files/atomic.ts";
    for (let i = 2;; i = i % 255 + 1) {
      await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(${size}).fill(i));
      if (i === 2) console.log("started");
    }`;
    const rng = new Rng(1);
    for (let kill = 0; kill < 10; kill++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", code],
        stdout: "piped",
      }).spawn();
      for await (const _started of child.stdout) break;
      await new Promise((done) => setTimeout(done, 60 * rng.uniform()));
      child.kill("SIGKILL");
      await child.status;
      const found = await Deno.readFile(path);
      assert.deepEqual(found, new Uint8Array(size).fill(found[0]!));
    }
  },
);
