/** Choosing a language and filling in its words. Pure. */
import { en, zh, type StringKey } from './strings';

export type Language = 'en' | 'zh';
export type Translate = (key: StringKey, values?: Readonly<Record<string, string | number>>) => string;

const TABLES: Record<Language, Record<StringKey, string>> = { en, zh };

export function translator(language: Language): Translate {
  return (key, values = {}) =>
    TABLES[language][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Chinese for anyone whose first understood preference is Chinese, else English. */
export function preferredLanguage(wanted: readonly string[]): Language {
  const first = wanted.map((w) => w.toLowerCase()).find((w) => w.startsWith('zh') || w.startsWith('en'));
  return first?.startsWith('zh') ? 'zh' : 'en';
}
