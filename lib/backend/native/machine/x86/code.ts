/** A place in code, to which jumps lead; it may come after them. */
export interface Label {
  /** Where it is in the code, once that is known: after so many bytes and so many jumps. */
  place?: { bytes: number; jumps: number };
}

/** When a jump is taken, by what the last comparison or subtraction said; in the processor's
 * order. Of numbers without a sign one is above or below another, of those with one greater or
 * less. */
export const CONDITIONS = [
  "o",
  "no",
  "b",
  "ae",
  "e",
  "ne",
  "be",
  "a",
  "s",
  "ns",
  "p",
  "np",
  "l",
  "ge",
  "le",
  "g",
] as const;

/** One of {@linkcode CONDITIONS}. */
export type Condition = typeof CONDITIONS[number];

/** A jump, of which is not known yet how far it leads. */
interface Jump {
  /** How many bytes come before it, without those of jumps. */
  bytes: number;
  condition: Condition;
  target: Label;
}

/** Code as it grows. */
export interface Code {
  /** Adds an instruction. */
  emit(bytes: readonly number[]): void;
  /** Adds a jump. */
  jump(condition: Condition, target: Label): void;
  /** Puts a label where the code now ends. */
  bind(label: Label): void;
  /**
   * The bytes of all of it.
   *
   * @throws {RangeError} if a jump leads to a label that is nowhere
   */
  finish(): Uint8Array<ArrayBuffer>;
}

/** Code with nothing in it. */
export function startCode(): Code {
  const bytes: number[] = [];
  const jumps: Jump[] = [];
  return {
    emit: (instruction) => void bytes.push(...instruction),
    jump: (condition, target) => void jumps.push({ bytes: bytes.length, condition, target }),
    bind(label) {
      if (label.place) throw new RangeError("A label has a place already: make another one.");
      label.place = { bytes: bytes.length, jumps: jumps.length };
    },
    finish: () => layOut(bytes, jumps),
  };
}

/**
 * Puts the jumps between the other bytes. Those that lead no further than 127 bytes fit in two,
 * others take six; how far one leads depends on the length of those between. All begin
 * short, and whichever does not reach its target grows, until all do: the least there can be.
 */
function layOut(bytes: readonly number[], jumps: readonly Jump[]): Uint8Array<ArrayBuffer> {
  const sizes = jumps.map(() => 2);
  let distances: number[];
  do {
    const before = [0]; // the bytes of the first so many jumps
    sizes.forEach((size, i) => before.push(before[i]! + size));
    distances = jumps.map(({ bytes, target: { place } }, i) => {
      if (!place) throw new RangeError("A jump leads to a label without a place: bind it.");
      return place.bytes + before[place.jumps]! - bytes - before[i + 1]!; // from the jump's end
    });
  } while (grow(sizes, distances));
  const code: number[] = [];
  let done = 0;
  jumps.forEach((jump, i) => {
    code.push(...bytes.slice(done, jump.bytes), ...encodeJump(jump, sizes[i]!, distances[i]!));
    done = jump.bytes;
  });
  return new Uint8Array(code.concat(bytes.slice(done)));
}

/** Has jumps grow that are too short; whether there were any. */
function grow(sizes: number[], distances: readonly number[]): boolean {
  let grew = false;
  distances.forEach((distance, i) => {
    if (sizes[i] !== 2 || fitsByte(distance)) return;
    sizes[i] = 6;
    grew = true;
  });
  return grew;
}

function encodeJump({ condition }: Jump, size: number, distance: number): number[] {
  const number = CONDITIONS.indexOf(condition);
  return size === 2 ? [0x70 | number, distance] : [0x0f, 0x80 | number, ...fourBytes(distance)];
}

/** Whether a whole number fits in one byte, with its sign. */
export function fitsByte(number: number): boolean {
  return number === number << 24 >> 24;
}

/** A whole number of 32 bits, the lowest byte first. */
export function fourBytes(number: number): number[] {
  return [0, 8, 16, 24].map((shift) => number >> shift & 0xff);
}
