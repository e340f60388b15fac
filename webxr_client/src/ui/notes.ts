import { diffLine } from '../core/labels';
import { notesOf, revisionOf, type PendingNote } from '../core/room';
import { timecode } from '../core/timecode';
import type { Note, Revision } from '../protocol/messages';
import { h, replace } from './dom';
import { follow, type UiContext } from './model';

/** The notes on the take that is shown, and what each asks to change. */
export function noteList(context: UiContext): HTMLElement {
  const { room, view, t } = context;
  const list = h('div', { class: 'scroll' });
  const title = h('h2', {});
  follow(context, () => [], () => (title.textContent = t('notes.title')));
  follow(context, (r, v) => [r.notes, r.revisions, r.pending, r.takes, v.takeId], () => {
    const { takeId } = view.value;
    const notes = takeId ? notesOf(room.value, takeId) : [];
    const pending = Object.values(room.value.pending).filter((p) => p.takeId === takeId);
    if (notes.length + pending.length === 0) {
      replace(list, h('p', { class: 'empty' }, t('notes.empty')));
      return;
    }
    replace(list, ...notes.map((note) => noteCard(context, note)), ...pending.map((p) => pendingCard(context, p)));
  });
  return h('aside', { class: 'panel notes' }, title, list);
}

function noteCard(context: UiContext, note: Note): HTMLElement {
  const { room, view, actions, t } = context;
  const revision = revisionOf(room.value, note.id);
  return h(
    'article',
    { class: 'note', 'data-note': note.id },
    h(
      'div',
      { class: 'note-head' },
      h('span', { class: 'author' }, note.author),
      h('button', { class: 'timecode', type: 'button', onclick: () => actions.seek(note.frame) }, timecode(note.frame, view.value.fps)),
    ),
    h('p', { class: 'note-text', lang: note.language === 'zh' ? 'zh-CN' : 'en' }, note.text),
    note.region && h('p', { class: 'region-word' }, t('region.drawn')),
    revision ? revisionCard(context, revision) : null,
  );
}

function revisionCard(context: UiContext, revision: Revision): HTMLElement {
  const { room, view, actions, t } = context;
  const empty = revision.changes.length === 0;
  const lines = revision.diff.map((diff) => {
    const { label, before, after } = diffLine(diff, view.value.language);
    return h('tr', {}, h('th', {}, label), h('td', { class: 'before' }, before), h('td', { class: 'arrow' }, '→'), h('td', { class: 'after' }, after));
  });
  const take = room.value.takes.find((x) => x.id === revision.takeId);
  return h(
    'div',
    { class: `revision ${revision.state}`, 'data-revision': revision.id, 'data-state': revision.state },
    h('div', { class: 'revision-head' }, empty ? t('revision.empty') : t(`revision.${revision.state}`), take && h('span', {}, ` · ${t('revision.take', { number: take.number })}`)),
    (empty || lines.length === 0) && h('p', { class: 'explanation' }, revision.explanation),
    lines.length > 0 && h('table', { class: 'diff' }, h('tbody', {}, ...lines)),
    revision.unknownWords.length > 0 && h('p', { class: 'unknown' }, t('revision.unknown', { words: revision.unknownWords.join(', ') })),
    take?.kept && h('p', { class: 'explanation' }, t('region.kept', { share: (take.kept.kept * 100).toFixed(1) })),
    revision.state === 'proposed' &&
      !empty &&
      h(
        'div',
        { class: 'decide' },
        h('button', { class: 'ghost', type: 'button', 'data-action': 'reject', onclick: () => actions.decide(revision.id, false) }, t('revision.reject')),
        h('button', { class: 'primary', type: 'button', 'data-action': 'accept', onclick: () => actions.decide(revision.id, true) }, t('revision.accept')),
      ),
  );
}

function pendingCard({ view, t }: UiContext, { text, frame }: PendingNote): HTMLElement {
  return h(
    'article',
    { class: 'note pending' },
    h('div', { class: 'note-head' }, h('span', { class: 'author' }, t('notes.sending')), h('span', { class: 'timecode' }, timecode(frame, view.value.fps))),
    h('p', { class: 'note-text' }, text),
  );
}
