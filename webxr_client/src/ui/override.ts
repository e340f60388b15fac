/** A director answers for words that the gate refuses: by name, with a reason, and it is kept. */
import type { Override } from '../protocol/messages';
import { h } from './dom';
import { follow, type UiContext } from './model';

export interface OverrideForm {
  readonly element: HTMLElement;
  onAnswer(listener: (override: Override) => void): void;
  clear(name: string): void;
}

/** Made once, so that nothing typed is lost when what stands round it is drawn anew. */
export function overrideForm(context: UiContext): OverrideForm {
  const { t } = context;
  const by = h('input', { type: 'text', maxlength: 80, required: true, class: 'name-input', 'data-field': 'by' });
  const because = h('input', { type: 'text', maxlength: 500, required: true, class: 'name-input', 'data-field': 'because' });
  const send = h('button', { class: 'primary', type: 'submit', 'data-action': 'override' });
  const words = h('p', { class: 'hint' });
  const element = h('form', { class: 'override', hidden: true }, words, by, because, send);
  let answer: (override: Override) => void = () => undefined;
  const check = (): void => {
    send.disabled = by.value.trim() === '' || because.value.trim() === '';
  };
  element.addEventListener('input', check);
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    check();
    if (!send.disabled) answer({ by: by.value.trim(), because: because.value.trim() });
  });
  follow(context, () => [], () => {
    words.textContent = t('gate.override.hint');
    by.placeholder = t('gate.by');
    because.placeholder = t('gate.because');
    for (const input of [by, because]) input.setAttribute('aria-label', input.placeholder);
    send.textContent = t('gate.override');
    check();
  });
  return {
    element,
    onAnswer: (listener) => (answer = listener),
    clear(name) {
      by.value = name;
      because.value = '';
      check();
    },
  };
}
