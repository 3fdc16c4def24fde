// Reads the students out of a CSV file, as Google Classroom, Moodle and Canvas export them. Pure.
import { parse } from 'csv-parse/sync';

export interface CsvStudent {
  readonly line: number;
  /** Possible names of the account, the likeliest first. */
  readonly logins: readonly string[];
  readonly name: string | undefined;
}

export interface CsvRoster {
  readonly students: readonly CsvStudent[];
  /** Sentences that begin with the line. */
  readonly problems: readonly string[];
}

type Column = 'first' | 'last' | 'full' | 'email' | 'login';

const headings: Readonly<Record<Column, readonly string[]>> = {
  first: ['firstname', 'givenname', 'vorname', 'prenom', 'nombre', 'nome'],
  last: ['lastname', 'surname', 'familyname', 'nachname', 'nom', 'apellidos', 'cognome'],
  full: ['student', 'name', 'fullname', 'displayname', 'studentname', 'vollstandigername'],
  email: ['email', 'emailaddress', 'mail', 'emailadresse', 'adressedecourriel', 'direcciondecorreo', 'indirizzoemail'],
  login: [
    'username',
    'user',
    'login',
    'account',
    'sisloginid',
    'loginid',
    'sisuserid',
    'benutzername',
    'anmeldename',
    'idnumber',
  ],
};

/** Rows of a grade book that are no student: Canvas has points and a test student, Google Classroom dates and points. */
const noStudents = [
  'pointspossible',
  'points',
  'date',
  'duedate',
  'classaverage',
  'punkte',
  'datum',
  'studenttest',
  'teststudent',
];

/** Decodes a file: UTF-8, or UTF-16 and Latin-1 as spreadsheets write them. */
export function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** Reads the rows. Without a heading that is known, the first column has the accounts and the second the names. */
export function parseRoster(text: string): CsvRoster {
  const [first, ...rest] = rowsOf(text);
  if (!first) return { students: [], problems: ['The file is empty.'] };
  const columns = columnsOf(first.cells);
  const rows = columns ? rest : [first, ...rest];
  const students: CsvStudent[] = [];
  const problems: string[] = [];
  for (const { line, cells } of rows) {
    const student = readStudent(cells, columns ?? { login: 0, full: 1 });
    if (student.logins.length > 0) students.push({ line, ...student });
    else if (!noStudents.includes(plain(cells.find((cell) => cell !== '') ?? '')))
      problems.push(`Line ${line}: there is no user name and no e-mail address.`);
  }
  return { students, problems };
}

/** The students whose account exists. @param hasAccount whether this machine has an account of this name */
export function matchAccounts(
  { students, problems }: CsvRoster,
  hasAccount: (user: string) => boolean,
): {
  readonly students: readonly { readonly user: string; readonly name?: string }[];
  readonly problems: readonly string[];
} {
  const lines = new Map<string, number>();
  const found: { user: string; name?: string }[] = [];
  const more = students.flatMap(({ line, logins, name }) => {
    const user = logins.find(hasAccount);
    if (user === undefined)
      return [`Line ${line}: there is no account ${logins.join(' or ')}${name ? ` for ${name}` : ''}.`];
    const earlier = lines.get(user);
    if (earlier !== undefined) return [`Line ${line}: ${user} is on line ${earlier} already.`];
    lines.set(user, line);
    found.push({ user, ...(name !== undefined && { name }) });
    return [];
  });
  return { students: found, problems: [...problems, ...more] };
}

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

function rowsOf(text: string): Row[] {
  const [head = ''] = text.split('\n');
  const count = (delimiter: string) => head.split(delimiter).length;
  const [delimiter = ','] = [',', ';', '\t'].sort((a, b) => count(b) - count(a));
  const options = { bom: true, info: true, delimiter, relax_column_count: true, relax_quotes: true, trim: true };
  const rows = parse(text, options) as unknown as { info: { lines: number }; record: string[] }[];
  return rows
    .filter(({ record }) => record.some((cell) => cell !== ''))
    .map(({ info, record }) => ({ line: info.lines, cells: record }));
}

function columnsOf(cells: readonly string[]): Partial<Record<Column, number>> | undefined {
  const names = cells.map(plain);
  const entries = Object.entries(headings).flatMap(([column, known]) => {
    const heading = known.find((name) => names.includes(name));
    return heading === undefined ? [] : [[column, names.indexOf(heading)] as const];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function readStudent(cells: readonly string[], columns: Partial<Record<Column, number>>) {
  const cell = (column: Column) => cells[columns[column] ?? -1] ?? '';
  const email = cell('email').toLowerCase();
  const login = cell('login').toLowerCase();
  const logins = [login, login.split('@')[0] ?? '', email.split('@')[0] ?? ''].filter((text) => text !== '');
  const [last, first] = cell('full').includes(',') ? cell('full').split(',') : [cell('last'), cell('first')];
  const name =
    [first, last]
      .map((part) => (part ?? '').trim())
      .filter(Boolean)
      .join(' ') || cell('full');
  return { logins: [...new Set(logins)], name: name.replace(/\p{Cc}/gu, '').slice(0, 80) || undefined };
}

/** Without accents, blanks and signs, in lower case. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
