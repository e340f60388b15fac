import { h, icon, replace } from './dom';
import { follow, type UiContext } from './model';

/** Title, who is here, language, take or stage, and the way into the headset. */
export function topBar(context: UiContext): HTMLElement {
  const { room, view, actions, t } = context;
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
        return h('span', { class: `person ${p.role}${p.immersive ? ' immersive' : ''}`, title: label, 'aria-label': label }, initials(p.name));
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

  return h('header', { class: 'topbar' }, title, people, h('span', { class: 'spring' }), mode, language, vr);
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [...(words[0] ?? '')][0] + ([...(words.at(-1) ?? '')][0] ?? '') : [...name.trim()].slice(0, 2).join('');
  return letters.toUpperCase();
}
