/** What the quality check found wrong with a take, in a word each. Pure. */
import type { Finding } from '../protocol/messages';
import type { Translate } from './i18n';

/** Every finding's word, each once. */
export function allFindingWords(findings: readonly Finding[], t: Translate): string {
  return [...new Set(findings.map((finding) => t(`finding.${finding.check}`)))].join(', ');
}

/** The first finding's word, and how many more there are; empty where nothing was found. */
export function findingWords(findings: readonly Finding[], t: Translate): string {
  const checks = [...new Set(findings.map((finding) => finding.check))];
  const [first, ...more] = checks;
  if (!first) return '';
  return more.length > 0 ? `${t(`finding.${first}`)} +${more.length}` : t(`finding.${first}`);
}
