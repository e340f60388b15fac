/** The production's desk: what the room's websocket does not say. Engines, prices, what is spent, approvals, filmstrips. */
import type { Store } from '../core/events';
import { asEngines, asEstimate, asSpending, guidesFor, type Estimate } from '../core/engines';
import { translator } from '../core/i18n';
import { asManifest } from '../core/manifest';
import { filesPathOf, type RoomState, type ShownError } from '../core/room';
import { filmstripOf, type Filmstrip } from '../core/thumbs';
import { askSent } from '../core/variants';
import { Api, ApiProblem } from '../net/api';
import type { Actions, ViewState } from '../ui/model';

/** Orders change in bursts; the sum is asked for once they rest. */
const REST_MS = 400;

export interface DeskOptions {
  readonly page: URL;
  readonly room: Store<RoomState>;
  readonly view: Store<ViewState>;
  readonly onError: (error: ShownError) => void;
}

export function openDesk({ page, room, view, onError }: DeskOptions): Pick<Actions, 'estimate' | 'approve' | 'filmstrip'> {
  const api = new Api(page);
  const strips = new Map<string, Promise<Filmstrip | null>>();
  const told = (error: unknown): void => {
    if (error instanceof ApiProblem) onError(error.shown);
    else onError({ code: 'internal', title: 'HTTP', detail: String(error) });
  };
  /** For what a page can do without: a server without the route, or one that is away. */
  const quietly = async <T>(asked: Promise<T>, otherwise: T): Promise<T> => asked.catch((error: unknown) => {
    console.warn(error instanceof Error ? error.message : String(error));
    return otherwise;
  });

  const spend = async (): Promise<void> => {
    const project = room.value.project;
    if (!project) return;
    const spending = await quietly(api.ask('GET', `api/projects/${encodeURIComponent(project.id)}/budget`).then(asSpending), null);
    view.update((v) => ({ ...v, spending }));
  };
  let rest: ReturnType<typeof setTimeout> | undefined;
  const spendSoon = (): void => {
    clearTimeout(rest);
    rest = setTimeout(() => void spend(), REST_MS);
  };
  room.watch((r) => r.project?.id ?? null, (id) => {
    if (id === null) return;
    spendSoon();
    void quietly(api.ask('GET', 'api/engines').then(asEngines), []).then((engines) => view.update((v) => ({ ...v, engines })));
  });
  room.watch((r) => r.takes.filter((take) => take.provenance.orderId !== null).map(({ id, state }) => `${id} ${state}`).join(), spendSoon);

  return {
    estimate: async (shotId, ask): Promise<Estimate | string> => {
      const sent = askSent(ask, guidesFor(view.value.engines, ask.engine));
      try {
        return asEstimate(await api.ask('POST', `api/shots/${encodeURIComponent(shotId)}/estimate`, sent));
      } catch (error) {
        if (error instanceof ApiProblem) return error.status === 404 ? '' : error.shown.detail || error.shown.title;
        throw error;
      }
    },
    approve: (takeId, approved) => {
      const path = `api/takes/${encodeURIComponent(takeId)}/approval`;
      const by = view.value.name || translator(view.value.language)('name.guest');
      void api.ask(approved ? 'PUT' : 'DELETE', path, approved ? { by } : undefined).catch(told);
    },
    filmstrip: async (take) => {
      const path = filesPathOf(take);
      if (!path) return null;
      const known = strips.get(path) ?? quietly(api.ask('GET', `${path}/manifest.json`).then((said) => filmstripOf(asManifest(said), path)), null);
      strips.set(path, known);
      if ((await known) === null) strips.delete(path);
      return known;
    },
  };
}
