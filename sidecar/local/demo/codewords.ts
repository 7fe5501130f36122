// How tokens are told apart inside the model: each has a codeword of 16 signs. The words come from the second-order
// Reed-Muller code of length 16, whose 2,048 words differ from each other in at least four places, so that the dot product
// of two words is 16 when they are the same and at most 8 when they are not.

export const CODE_LENGTH = 16;
export const CODE_WORDS = 2048;

/** The products of at most two of the four coordinates: the generators of the code. */
const GENERATORS: readonly (readonly number[])[] = [[], [0], [1], [2], [3], [0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

/** The codeword of a number below `CODE_WORDS`, as +1 and −1. */
export function codeword(index: number): readonly number[] {
  if (index >= CODE_WORDS) throw new RangeError(`There are ${CODE_WORDS} codewords; ${index} is not one of them.`);
  return Array.from({ length: CODE_LENGTH }, (_, point) => {
    const parity = GENERATORS.reduce((sum, coordinates, generator) => {
      const chosen = (index >> generator) & 1;
      return sum + (chosen === 1 && coordinates.every((coordinate) => (point >> coordinate) & 1) ? 1 : 0);
    }, 0);
    return parity % 2 === 0 ? 1 : -1;
  });
}
