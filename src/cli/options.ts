// The options that several commands share, and the parsers of their values. A parser's error is a usage error.
import { InvalidArgumentError, Option } from 'commander';

export function portOption(): Option {
  return new Option('-p, --port <number>', 'the port of your development server').argParser(portNumber);
}

/** Turns the error of a parser into a usage error. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('This is not a whole number.');
  return Number(text);
}

export function holderId(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,80}$/.test(text))
    throw new InvalidArgumentError('A holder has up to 80 letters, digits, dots, hyphens and underscores.');
  return text;
}

/** A line for students. */
export function messageText(text: string): string {
  if (text.trim() === '' || !/^\P{Cc}{1,200}$/u.test(text))
    throw new InvalidArgumentError('A message is one line of up to 200 characters.');
  return text.trim();
}

/** `student1,student2`. */
export function nameList(text: string): string[] {
  return text.split(/[,\s]+/).filter((name) => name !== '');
}

function portNumber(text: string): number {
  const port = integer(text);
  if (port < 1 || port > 65535) throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return port;
}
