// What every network of the library asks of its config and its parameters.

/** Refuses the numbers of a parameter if there are not as many as its shape wants. */
export function checkSize(
  name: string,
  [rows, columns]: [number, number],
  values: Float32Array | undefined,
): void {
  const found = values?.length ?? 0;
  if (found === rows * columns) return;
  throw new RangeError(
    `The parameter ${name} has ${found} numbers, but this config wants ${rows} × ${columns}: ` +
      `load the parameters with the config they were made with.`,
  );
}

/** What decides the size of a network. */
interface Sizes {
  vocabularySize: number;
  layers: number;
  width: number;
  heads: number;
  context: number;
}

/** Refuses sizes that no network can have. */
export function checkConfig(config: Sizes): void {
  const { vocabularySize, layers, width, heads, context } = config;
  for (
    const [name, value] of Object.entries({
      vocabularySize,
      layers,
      width,
      heads,
      context,
    })
  ) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new RangeError(
        `The model's ${name} is ${value}: it must be a whole number of at least 1.`,
      );
    }
  }
  if (width % (2 * heads) !== 0) {
    throw new RangeError(
      `${heads} heads do not divide a width of ${width} into equal parts of even size: ` +
        `choose a width that is a multiple of ${2 * heads}.`,
    );
  }
}

/** As many numbers as 4 GB hold in float32, which is all that the wasm backend can address. */
const MOST_PARAMETERS = 2 ** 30;

/** Refuses a network that no memory holds, before its numbers are drawn. */
export function checkCount(shapes: Record<string, readonly [number, number]>): void {
  const count = Object.values(shapes).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  if (count <= MOST_PARAMETERS) return;
  throw new RangeError(
    `A model of ${count.toLocaleString("en")} parameters does not fit into memory: ` +
      `give it fewer layers or a smaller width.`,
  );
}
