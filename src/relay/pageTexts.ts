// The texts of the relay's pages, in the visitor's language. Pure.

interface Texts {
  /** With `{name}` for the hostname. */
  readonly title: string;
  readonly heading: string;
  readonly explanation: string;
  /** With `{command}` for what a student types. */
  readonly hint: string;
}

export const pageTexts = {
  en: {
    title: '{name} is not running',
    heading: '{name} is not running right now',
    explanation: 'Its server is stopped or still starting. This page opens the site as soon as it runs.',
    hint: 'Is this your site? Start it in your terminal, for example with {command}.',
  },
  de: {
    title: '{name} läuft nicht',
    heading: '{name} läuft gerade nicht',
    explanation: 'Der Server ist angehalten oder startet noch. Diese Seite öffnet die Website, sobald er läuft.',
    hint: 'Ist das Ihre Website? Starten Sie sie im Terminal, zum Beispiel mit {command}.',
  },
  es: {
    title: '{name} no está en marcha',
    heading: '{name} no está en marcha ahora mismo',
    explanation: 'Su servidor está parado o aún arranca. Esta página abre el sitio en cuanto funcione.',
    hint: '¿Es su sitio? Inícielo en el terminal, por ejemplo con {command}.',
  },
  fr: {
    title: '{name} est arrêté',
    heading: '{name} est arrêté pour le moment',
    explanation: 'Son serveur est arrêté ou démarre encore. Cette page ouvre le site dès qu’il fonctionne.',
    hint: 'C’est votre site ? Démarrez-le dans le terminal, par exemple avec {command}.',
  },
  zh: {
    title: '{name} 未运行',
    heading: '{name} 目前未运行',
    explanation: '其服务器已停止或仍在启动。服务器运行后,本页面会自动打开网站。',
    hint: '这是您的网站吗?请在终端中启动它,例如输入 {command}。',
  },
} as const satisfies Record<string, Texts>;

/** With `{name}` for the hostname, and `{seconds}` until the next attempt. */
type AccessText = 'title' | 'explanation' | 'label' | 'button' | 'wrong' | 'wait';

/** The texts of the page that asks for the passphrase of a class. */
export const accessTexts = {
  en: {
    title: '{name} is private',
    explanation: 'Enter the passphrase of the class to see this site.',
    label: 'Passphrase',
    button: 'Open the Site',
    wrong: 'This is not the passphrase. Try again.',
    wait: 'There were too many wrong attempts. Try again in {seconds} seconds.',
  },
  de: {
    title: '{name} ist nicht öffentlich',
    explanation: 'Geben Sie die Passphrase der Klasse ein, um diese Website zu sehen.',
    label: 'Passphrase',
    button: 'Website öffnen',
    wrong: 'Das ist nicht die Passphrase. Versuchen Sie es noch einmal.',
    wait: 'Es gab zu viele falsche Versuche. Versuchen Sie es in {seconds} Sekunden noch einmal.',
  },
  es: {
    title: '{name} es privado',
    explanation: 'Escriba la frase de contraseña de la clase para ver este sitio.',
    label: 'Frase de contraseña',
    button: 'Abrir el sitio',
    wrong: 'No es la frase de contraseña. Inténtelo de nuevo.',
    wait: 'Ha habido demasiados intentos fallidos. Inténtelo de nuevo en {seconds} segundos.',
  },
  fr: {
    title: '{name} est privé',
    explanation: 'Saisissez la phrase secrète de la classe pour voir ce site.',
    label: 'Phrase secrète',
    button: 'Ouvrir le site',
    wrong: 'Ce n’est pas la phrase secrète. Réessayez.',
    wait: 'Trop de tentatives erronées. Réessayez dans {seconds} secondes.',
  },
  zh: {
    title: '{name} 未公开',
    explanation: '请输入班级口令以查看此网站。',
    label: '口令',
    button: '打开网站',
    wrong: '口令不正确。请重试。',
    wait: '错误次数过多。请在 {seconds} 秒后重试。',
  },
} as const satisfies Record<PageLanguage, Record<AccessText, string>>;

export type PageLanguage = keyof typeof pageTexts;

/** The first language of an Accept-Language header that there is; English otherwise. Browsers list them in order. */
export function languageOf(acceptLanguage: string | undefined): PageLanguage {
  const names = (acceptLanguage ?? '').split(',').map((range) => range.trim().slice(0, 2).toLowerCase());
  return names.find((name): name is PageLanguage => Object.hasOwn(pageTexts, name)) ?? 'en';
}
