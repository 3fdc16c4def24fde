// Reads the list of installed extensions that VS Code keeps beside them (extensions.json). Pure.
import { parseJson } from '../json.ts';

interface Installed {
  readonly identifier?: { readonly id?: unknown };
  readonly metadata?: { readonly isApplicationScoped?: unknown };
}

/**
 * Whether an extension is installed for one profile only, as extensions are by default.
 * @param list the content of extensions.json
 * @returns false if the list does not name the extension or cannot be read
 */
export function isInOneProfile(list: string, id: string): boolean {
  const extensions = parseJson(list);
  if (!Array.isArray(extensions)) return false;
  const found = (extensions as (Installed | null)[]).find(
    (entry) => String(entry?.identifier?.id).toLowerCase() === id.toLowerCase(),
  );
  return found ? found.metadata?.isApplicationScoped !== true : false;
}
