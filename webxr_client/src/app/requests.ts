/** Takes that were asked for and may still be refused: the refusal is shown where it was asked, so that it can be answered for. */
import type { Guidance } from '../core/engines';
import type { Store } from '../core/events';
import { shownError } from '../core/room';
import { guidanceSent, PLAIN_ASK, stylesSent, type Ask } from '../core/variants';
import type { ClientMessage, ErrorMessage, RequestTake } from '../protocol/messages';
import type { Actions, ViewState } from '../ui/model';
import { freshId } from './fresh-id';

/** Requests whose refusal may still come. */
const KEPT = 16;

export interface Requests {
  readonly request: Actions['requestTake'];
  /** Is this error the answer to one of them, and shown there? */
  refused(message: ErrorMessage): boolean;
}

const guidesOf = (view: Store<ViewState>, name: string | null): readonly Guidance[] => view.value.engines.find((engine) => engine.name === name)?.guides ?? [];

export function takeRequests(view: Store<ViewState>, send: (message: ClientMessage) => void): Requests {
  let asked: readonly { clientId: string; shotId: string; ask: Ask }[] = [];
  return {
    request: (shotId, ask = PLAIN_ASK, override) => {
      const clientId = freshId('ask');
      asked = [...asked, { clientId, shotId, ask }].slice(-KEPT);
      view.update((v) => ({ ...v, asking: null, refusal: null }));
      const styles = [...stylesSent(ask)] as NonNullable<RequestTake['styles']>;
      send({ type: 'requestTake', shotId, engine: ask.engine, variants: ask.variants, differ: ask.differ, styles, guidance: guidanceSent(ask, guidesOf(view, ask.engine)), override: override ?? null, clientId });
    },
    refused: (message) => {
      const request = asked.find((one) => one.clientId === message.clientId);
      if (!request || message.code !== 'gate-refused') return false;
      const { shotId, ask } = request;
      view.update((v) => ({ ...v, asking: shotId, refusal: { shotId, ask, error: shownError(message) } }));
      return true;
    },
  };
}
