import assert from 'node:assert/strict';
import { decode, matchAccounts, parseRoster } from '../../../src/cli/roster/csv.ts';

const read = (lines: readonly string[], accounts: readonly string[] = ['erika', 'max.muster', 's123']) =>
  matchAccounts(parseRoster(lines.join('\r\n')), (user) => accounts.includes(user));

describe('a CSV file of a class', () => {
  it('of Google Classroom has names and e-mail addresses', () => {
    const { students, problems } = read([
      'Last Name,First Name,Email Address,Homework',
      'Date,,,1/2/2026',
      'Points,,,100',
      'Muster,Max,Max.Muster@school.example,90',
    ]);
    assert.deepEqual(students, [{ user: 'max.muster', name: 'Max Muster' }]);
    assert.equal(problems.length, 0);
  });

  it('of Canvas has login ids, a row of points and a test student', () => {
    const { students, problems } = read([
      'Student,ID,SIS User ID,SIS Login ID,Section',
      '    Points Possible,,,,',
      '"Muster, Erika",17,s123,erika@school.example,Web 1',
      '"Student, Test",18,,,Web 1',
    ]);
    assert.deepEqual(students, [{ user: 'erika', name: 'Erika Muster' }]);
    assert.deepEqual(problems, []);
  });

  it('of Moodle, in German and with semicolons, has an ID number', () => {
    const { students } = read([
      '\ufeffVorname;Nachname;ID-Nummer;E-Mail-Adresse',
      'Erika;Muster, geb. Meier;;erika@x.example',
    ]);
    assert.deepEqual(students, [{ user: 'erika', name: 'Erika Muster, geb. Meier' }]);
  });

  it('without a heading has accounts and names', () => {
    assert.deepEqual(read(['erika,Erika Muster', 's123']).students, [
      { user: 'erika', name: 'Erika Muster' },
      { user: 's123' },
    ]);
  });

  it('has its problems listed with their lines', () => {
    const { students, problems } = read(['Username,Name', 'erika,"Erika\nMuster"', 'nobody,Nobody', '', 'erika,Erika']);
    assert.deepEqual(students, [{ user: 'erika', name: 'ErikaMuster' }]);
    assert.deepEqual(problems, [
      'Line 4: there is no account nobody for Nobody.',
      'Line 6: erika is on line 3 already.',
    ]);
    assert.deepEqual(parseRoster('').problems, ['The file is empty.']);
  });

  it('is read in the encodings of spreadsheets', () => {
    assert.equal(decode(Buffer.from('Jürgen', 'latin1')), 'Jürgen');
    assert.equal(decode(Buffer.from('\ufeffJürgen', 'utf16le')), 'Jürgen');
    assert.equal(decode(Buffer.from('Jürgen')), 'Jürgen');
  });
});
