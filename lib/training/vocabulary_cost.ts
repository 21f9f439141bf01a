import { characterCounts, type Corpus } from "dlm/corpus.ts";
import { parameterCount, parameterShapes, type TransformerConfig } from "dlm/model.ts";

/** More different characters than an alphabet with its signs has, and its accents. */
const MANY = 256;

/** So seldom, a character is hardly learned. */
const RARE = 10;

/**
 * A sentence to be read before a model is trained on a text with so many different characters, as
 * Chinese has, that most of its parameters only tell them apart.
 *
 * @returns nothing, if that is not so
 */
export function describeVocabularyCost(
  corpus: Corpus,
  config: TransformerConfig,
): string | undefined {
  const { name, tokenizer, train } = corpus;
  const all = parameterCount(config);
  const ofCharacters = Object.entries(parameterShapes(config))
    .filter(([parameter]) => !parameter.startsWith("blocks."))
    .reduce((sum, [, [rows, columns]]) => sum + rows * columns, 0);
  if (tokenizer.vocabularySize <= MANY || 2 * ofCharacters <= all) return undefined;
  const rare = characterCounts(train, tokenizer).filter((count) => count < RARE).length;
  const millions = (count: number) => (count / 1e6).toFixed(1);
  return `${name} has ${
    tokenizer.vocabularySize.toLocaleString("en")
  } different characters, which ` +
    `take ${millions(ofCharacters)} of the model's ${millions(all)} million parameters and make ` +
    `training slow; a smaller --width helps, and a text without rare characters ` +
    `(${rare.toLocaleString("en")} occur less than ${RARE} times).`;
}
