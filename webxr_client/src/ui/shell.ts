import './style.css';
import './takes.css';
import type { ShownError } from '../core/room';
import { compareView } from './compare';
import { h, replace } from './dom';
import { follow, type UiContext } from './model';
import { noteList } from './notes';
import { slateOverlay } from './overlay';
import { regionLayer, type PictureBox } from './region';
import { shotList } from './shots';
import { progressWords } from './take-row';
import { toasts } from './toast';
import { topBar } from './topbar';
import { transportBar } from './transport';

export interface Insets {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Shell {
  /** Pixels of the window that the interface covers on each side. */
  insets(): Insets;
  showError(error: ShownError): void;
  /** Where the picture is in the window, while it is seen straight on. */
  placePicture(box: PictureBox | null): void;
}

/** The whole flat interface over the viewport. */
export function mountShell(host: HTMLElement, context: UiContext): Shell {
  const { view } = context;
  const shots = shotList(context);
  const notes = noteList(context);
  const bar = topBar(context);
  const transport = transportBar(context);
  const messages = toasts(context);
  const tabs = tabBar(context, host);
  const region = regionLayer(context);
  host.append(region.element, bar, shots, notes, slateOverlay(context), centreMessage(context), compareView(context), h('div', { class: 'bottom' }, tabs, transport), messages.element);
  follow(context, (_, v) => [v.connection === 'static'], () => host.classList.toggle('static', view.value.connection === 'static'));
  return {
    insets: () => coveredBy(host, bar, shots, notes),
    showError: (error) => messages.show(error),
    placePicture: (box) => region.place(box),
  };
}

function coveredBy(host: HTMLElement, bar: HTMLElement, shots: HTMLElement, notes: HTMLElement): Insets {
  const bottom = host.querySelector('.bottom')?.getBoundingClientRect();
  const narrow = window.innerWidth < 760;
  const [left, right] = [shots.getBoundingClientRect(), notes.getBoundingClientRect()];
  const sheet = Math.min(...[left, right].filter((r) => r.height > 0).map((r) => r.top), bottom?.top ?? window.innerHeight);
  return {
    left: narrow ? 0 : left.right,
    right: narrow || right.width === 0 ? 0 : window.innerWidth - right.left,
    top: bar.getBoundingClientRect().bottom,
    bottom: window.innerHeight - (narrow ? sheet : (bottom?.top ?? window.innerHeight)),
  };
}

/** Lower than this, a sheet over a narrow window leaves nothing of the picture: it waits until it is asked for. */
const LOW_PX = 480;

/** On narrow windows the two lists share one sheet, which its own tab closes again. */
function tabBar(context: UiContext, host: HTMLElement): HTMLElement {
  const { room, view, t } = context;
  const element = h('nav', { class: 'tabs' });
  let open: 'shots' | 'notes' | 'none' = window.innerHeight < LOW_PX ? 'none' : 'shots';
  const draw = (): void => {
    host.dataset['tab'] = open;
    const count = room.value.notes.filter((n) => n.takeId === view.value.takeId).length;
    const button = (name: 'shots' | 'notes', text: string): HTMLElement =>
      h('button', { type: 'button', 'aria-pressed': String(open === name), onclick: () => ((open = open === name ? 'none' : name), draw()) }, text);
    replace(element, button('shots', t('tab.shots')), button('notes', count > 0 ? `${t('tab.notes')} ${count}` : t('tab.notes')));
  };
  follow(context, (r, v) => [r.notes, v.takeId], draw);
  return element;
}

/** What to wait for or to do, in the middle, while there is no picture. */
function centreMessage(context: UiContext): HTMLElement {
  const { room, view, t } = context;
  const element = h('div', { class: 'centre' });
  follow(context, (r, v) => [r.progress, r.shots, r.playhead.takeId, v.connection, v.picture, v.takeId, v.stage, v.mode], () => {
    const { connection, picture, stage, mode } = view.value;
    const progress = Object.values(room.value.progress)[0];
    const say = (main: string, hint = '', busy = true): void => {
      element.hidden = false;
      replace(element, busy && h('span', { class: 'spinner' }), h('strong', {}, main), hint !== '' && h('span', {}, hint));
    };
    if (connection === 'connecting') say(t('connection.connecting'));
    else if (connection === 'closed') say(t('connection.closed'), t('connection.closed.hint'), false);
    else if (connection === 'reconnecting') say(t('connection.reconnecting'));
    else if (picture === 'lost') say(t('stream.lost'));
    else if (mode === 'stage' && stage === 'loading') say(t('stage.loading'));
    else if (mode === 'stage' && stage === 'missing') say(t('stage.missing'), '', false);
    else if (picture === 'live') element.hidden = true;
    else if (progress) say(progressWords(context, progress));
    else if (connection === 'open' && room.value.playhead.takeId === null) say(t('take.none'), t('take.none.hint'), false);
    else say(t('stream.waiting'));
  });
  return element;
}
