import { errorTitle } from '../core/errors';
import type { ShownError } from '../core/room';
import { h } from './dom';
import type { UiContext } from './model';

const SHOWN_MS = 8000;
const MOST = 3;

export interface Toasts {
  readonly element: HTMLElement;
  show(error: ShownError): void;
}

/** Errors, said once, gone by themselves. The same one is not stacked. */
export function toasts({ view, t }: UiContext): Toasts {
  const element = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
  return {
    element,
    show(error) {
      const key = `${error.code}:${error.detail}`;
      for (const old of element.children) if (old.getAttribute('data-key') === key) old.remove();
      while (element.children.length >= MOST) element.firstElementChild?.remove();
      const toast = h(
        'div',
        { class: 'toast', 'data-key': key, 'data-code': error.code },
        h('strong', {}, errorTitle(error.code, error.title, view.value.language)),
        h('span', {}, error.detail),
        h('button', { class: 'icon', type: 'button', 'aria-label': t('panel.close'), onclick: () => toast.remove() }, '✕'),
      );
      element.append(toast);
      setTimeout(() => toast.remove(), SHOWN_MS);
    },
  };
}
