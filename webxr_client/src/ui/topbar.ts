import { money, spentShare } from '../core/engines';
import { h, icon, replace } from './dom';
import { follow, type UiContext } from './model';

/** Title, who is here, language, take or stage, and the way into the headset. */
export function topBar(context: UiContext): HTMLElement {
  const { room, view, actions, t } = context;
  const own = nameField(context);
  const title = h('div', { class: 'project' });
  const people = h('div', { class: 'people' });
  const mode = h('div', { class: 'segmented', role: 'group' });
  const language = h('div', { class: 'segmented language', role: 'group' });
  const vr = h('button', { class: 'primary vr', type: 'button', onclick: () => actions.toggleVr() });

  follow(context, (r, v) => [r.project, v.connection], () => {
    const { connection } = view.value;
    const name = room.value.project?.title ?? (connection === 'static' ? t('static.title') : t('app.name'));
    const shown = connection === 'static' ? null : h('span', { class: `link ${connection}`, title: t(`connection.${connection}`) });
    replace(title, shown, h('strong', {}, name));
    document.title = `${name} · ${t('app.name')}`;
  });

  follow(context, (r) => [r.participants, r.self], () => {
    const { participants, self } = room.value;
    people.title = t('room.participants');
    replace(
      people,
      ...participants.slice(0, 6).map((p) => {
        const label = `${p.name} · ${t(`room.${p.role}`)}${p.id === self?.id ? ` (${t('room.you')})` : ''}`;
        const look = `person ${p.role}${p.immersive ? ' immersive' : ''}`;
        if (p.id !== self?.id) return h('span', { class: look, title: label, 'aria-label': label }, initials(p.name));
        const change = `${label} · ${t('name.change')}`;
        return h('button', { class: `${look} self`, type: 'button', title: change, 'aria-label': change, onclick: () => own.edit() }, initials(p.name));
      }),
      participants.length > 6 && h('span', { class: 'person' }, `+${participants.length - 6}`),
    );
  });

  follow(context, (_, v) => [v.mode, v.connection, v.stage], () => {
    const button = (name: 'take' | 'stage'): HTMLElement =>
      h('button', { type: 'button', title: t(`mode.${name}.hint`), 'aria-pressed': String(view.value.mode === name), onclick: () => actions.setMode(name) }, t(`mode.${name}`));
    replace(mode, button('take'), button('stage'));
  });

  follow(context, () => [], () => {
    const button = (code: 'zh' | 'en', name: string): HTMLElement =>
      h('button', { type: 'button', lang: code, 'aria-pressed': String(view.value.language === code), onclick: () => actions.setLanguage(code) }, name);
    replace(language, button('zh', '中文'), button('en', 'English'));
    document.documentElement.lang = view.value.language === 'zh' ? 'zh-CN' : 'en';
  });

  follow(context, (_, v) => [v.vr], () => {
    const state = view.value.vr;
    vr.disabled = state === 'unsupported';
    vr.title = state === 'unsupported' ? t('vr.unsupported.hint') : '';
    replace(vr, icon('headset'), h('span', {}, t(state === 'presenting' ? 'vr.exit' : state === 'available' ? 'vr.enter' : 'vr.unsupported')));
  });

  return h('header', { class: 'topbar' }, title, people, own.element, h('span', { class: 'spring' }), budget(context), mode, language, vr);
}

/** What is spent at paid engines, and of how much: shown once there is a limit or an order. */
function budget(context: UiContext): HTMLElement {
  const { view, t } = context;
  const [words, bar] = [h('span', {}), h('i', {})];
  const element = h('div', { class: 'budget', hidden: true }, words, h('div', { class: 'track' }, bar));
  follow(context, (_, v) => [v.spending], () => {
    const { spending } = view.value;
    element.hidden = spending === null || (spending.limit === null && spending.orders === 0);
    if (!spending) return;
    const share = spentShare(spending);
    const spent = money(spending.spent, spending.currency);
    words.textContent = spending.limit === null ? spent : `${spending.spent.toFixed(2)} / ${money(spending.limit, spending.currency)}`;
    element.title = spending.limit === null ? t('budget.none', { spent }) : t('budget.title', { spent, limit: money(spending.limit, spending.currency) });
    element.classList.toggle('tight', share !== null && share > 0.9);
    element.classList.toggle('unlimited', share === null);
    bar.style.width = `${Math.round((share ?? 0) * 100)}%`;
  });
  return element;
}

/** Asks for a name once; afterwards it is behind one's own badge. */
function nameField({ room, view, actions, t }: UiContext): { element: HTMLElement; edit(): void } {
  const input = h('input', { type: 'text', maxlength: 60, autocomplete: 'nickname', class: 'name-input' });
  const save = h('button', { class: 'ghost', type: 'submit' });
  const element = h('form', { class: 'name-form' }, input, save);
  let editing = false;
  const draw = (): void => {
    element.hidden = room.value.self === null || (view.value.name !== '' && !editing);
    input.placeholder = t('name.ask');
    input.setAttribute('aria-label', t('name.ask'));
    save.textContent = t('name.save');
  };
  const done = (): void => {
    editing = false;
    draw();
  };
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text && text !== view.value.name) actions.setName(text);
    done();
    input.blur();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') done();
  });
  follow({ room, view, actions, t }, (r, v) => [r.self === null, v.name], draw);
  return {
    element,
    edit() {
      editing = true;
      input.value = view.value.name;
      draw();
      input.select();
    },
  };
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [...(words[0] ?? '')][0] + ([...(words.at(-1) ?? '')][0] ?? '') : [...name.trim()].slice(0, 2).join('');
  return letters.toUpperCase();
}
