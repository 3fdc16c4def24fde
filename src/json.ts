// Reads JSON that may be torn or made by another program.

/** The value that `text` stands for, or undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
