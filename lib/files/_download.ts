import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { WriteError, writeFileAtomic } from "dlm/files/atomic.ts";

/** A text that has an address, and what tells it from any other. */
export interface Download {
  title: string;
  url: string;
  bytes: number;
  sha256: string;
}

/** Options for {@linkcode fetchText}. */
export interface FetchTextOptions {
  /** The file in which the text is kept. */
  cache: string;
  /** Hears one sentence of whatever is not as it should be. */
  onNotice(sentence: string): void;
  /** Hears of the bytes received. */
  onProgress(received: number, total: number): void;
  /** How long to wait for a byte, and for all of them, in milliseconds.
   * @default {{ byte: 10_000, all: 120_000 }}
   */
  patience?: { byte: number; all: number };
}

/**
 * The bytes of a text: those of its cache, or else those at its address, which are kept there.
 * Whatever their way, they are the very ones expected.
 *
 * @throws {Error} if they cannot be had; the message says why, as part of a sentence
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook
 */
export async function fetchText(source: Download, options: FetchTextOptions): Promise<Uint8Array> {
  const { cache, onNotice } = options;
  const cached = await readCache(source, options);
  if (cached) return cached;
  onNotice(`Downloading ${source.title} (${(source.bytes / 1e6).toFixed(1)} MB).`);
  const bytes = await download(source, options);
  if (!await isGenuine(source, bytes)) throw new Error("what arrived is not the text expected");
  try {
    await writeFileAtomic(cache, bytes);
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    onNotice(`${source.title} is here but cannot be kept: ${error.message}`);
  }
  return bytes;
}

/** The text in the cache, if there is one and it is what it should be. */
async function readCache(
  source: Download,
  { cache, onNotice }: FetchTextOptions,
): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(cache);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    onNotice(`The copy of ${source.title} cannot be read (${reason}).`);
    return undefined;
  }
  if (await isGenuine(source, bytes)) return bytes;
  const restored = withoutCarriageReturns(bytes);
  if (await isGenuine(source, restored)) {
    onNotice(`${cache} has other line ends than ${source.title}: it is read with its own.`);
    return restored;
  }
  onNotice(
    `${cache} is not ${source.title}: it has ${bytes.length} bytes of another SHA-256, ` +
      `so it is not used.`,
  );
}

function withoutCarriageReturns(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => byte !== 13);
}

/** What an address sends, but no more than is expected, and not for ever. */
async function download(source: Download, options: FetchTextOptions): Promise<Uint8Array> {
  const { onProgress, patience = { byte: 10_000, all: 120_000 } } = options;
  const impatience = new AbortController();
  const giveUpAfter = (ms: number) =>
    setTimeout(() => impatience.abort(new Error(`no answer for ${ms / 1000} s`)), ms);
  const whole = setTimeout(
    () => impatience.abort(new Error(`not all of it within ${patience.all / 1000} s`)),
    patience.all,
  );
  let silence = giveUpAfter(patience.byte);
  using interrupt = listenForInterrupt();
  let received = 0;
  const reached = () => `with ${received} of ${source.bytes} bytes of ${source.title} here`;
  const answered = <Answer>(answer: Promise<Answer>) => interrupt.wait(answer, reached);
  try {
    const response = await answered(fetch(source.url, { signal: impatience.signal }));
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`its site answers ${response.status}`);
    }
    const bytes = new Uint8Array(source.bytes);
    const reader = response.body.getReader(); // of what was unpacked, if it was packed
    while (true) {
      const { value: chunk, done } = await answered(reader.read());
      if (done) return bytes.subarray(0, received);
      clearTimeout(silence);
      silence = giveUpAfter(patience.byte);
      if (received + chunk.length > bytes.length) {
        throw new Error(`its site sends more than the ${bytes.length} bytes expected`);
      }
      bytes.set(chunk, received);
      onProgress(received += chunk.length, bytes.length);
    }
  } finally {
    impatience.abort(); // of what may still be on its way
    clearTimeout(silence);
    clearTimeout(whole);
  }
}

async function isGenuine(source: Download, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== source.bytes) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
  return digest.toHex() === source.sha256;
}
