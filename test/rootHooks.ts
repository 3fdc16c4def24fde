// Mocha loads this before any test file, also in each worker of a parallel run and in a stress run.
import fc from 'fast-check';

// Without it fast-check makes arrays and strings of about ten elements, whatever `maxLength` says.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
