/** A value, and the circumstances in which it was found. */
interface Entry<Circumstances, Value> {
  circumstances: Circumstances;
  outcome: Value;
}

/** What was found out in some circumstances, kept from one process to the next. */
export interface Remembered<Circumstances, Value> {
  /** Where that is, for people. */
  readonly place: string;
  read(circumstances: Circumstances): Promise<Value | undefined>;
  /** @throws {Error} if it cannot be kept */
  keep(circumstances: Circumstances, value: Value): Promise<void>;
  /**
   * Makes room, and finds out whether anything could be kept.
   *
   * @throws {Error} if not
   */
  probe(): Promise<void>;
}

/** Machines that share a folder, and versions one goes to and fro between. */
const MOST = 8;

/**
 * What is remembered in a file, the newest first. What is no such file holds nothing.
 *
 * @param isValue whether something from the file is such a value
 */
export function rememberedIn<Circumstances extends object, Value>(
  file: URL,
  isValue: (value: unknown) => boolean,
): Remembered<Circumstances, Value> {
  type OwnEntry = Entry<Circumstances, Value>;
  const isEntry = (value: unknown): value is OwnEntry => {
    const { circumstances, outcome } = (value ?? {}) as Partial<OwnEntry>;
    return typeof circumstances === "object" && isValue(outcome);
  };
  const besides = () => new URL(`${file}.${crypto.randomUUID()}.tmp`);
  const load = async (): Promise<OwnEntry[]> => {
    try {
      const entries = JSON.parse(await Deno.readTextFile(file));
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      return [];
    }
  };
  const isSame = (one: Circumstances, other: Circumstances) =>
    JSON.stringify(one) === JSON.stringify(other);
  return {
    place: decodeURIComponent(file.pathname),
    async read(circumstances) {
      const entries = await load();
      return entries.find((entry) => isSame(entry.circumstances, circumstances))?.outcome;
    },
    async keep(circumstances, outcome) {
      const others = (await load()).filter((entry) => !isSame(entry.circumstances, circumstances));
      const entries: OwnEntry[] = [{ circumstances, outcome }, ...others].slice(0, MOST);
      const whole = besides(); // nobody reads half of it, and if it is lost, it is found again
      await Deno.writeTextFile(whole, `${JSON.stringify(entries)}\n`);
      await Deno.rename(whole, file);
    },
    async probe() {
      await Deno.mkdir(new URL("./", file), { recursive: true });
      const test = besides();
      await Deno.writeTextFile(test, "");
      await Deno.remove(test);
    },
  };
}
