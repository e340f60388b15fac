/** Takes that were asked for and may still be refused: the refusal is shown where it was asked, so that it can be answered for. */
import { guidesFor } from '../core/engines';
import type { Store } from '../core/events';
import { shownError } from '../core/room';
import { askSent, PLAIN_ASK, type Ask } from '../core/variants';
import type { ClientMessage, ErrorMessage } from '../protocol/messages';
import type { Actions, ViewState } from '../ui/model';
import { freshId } from './fresh-id';

/** Requests whose refusal may still come. */
const KEPT = 16;

export interface Requests {
  readonly request: Actions['requestTake'];
  /** Is this error the answer to one of them, and shown there? */
  refused(message: ErrorMessage): boolean;
}

export function takeRequests(view: Store<ViewState>, send: (message: ClientMessage) => void): Requests {
  let asked: readonly { clientId: string; shotId: string; ask: Ask }[] = [];
  return {
    request: (shotId, ask = PLAIN_ASK, override) => {
      const clientId = freshId('ask');
      asked = [...asked, { clientId, shotId, ask }].slice(-KEPT);
      view.update((v) => ({ ...v, asking: null, refusal: null }));
      send({ type: 'requestTake', shotId, ...askSent(ask, guidesFor(view.value.engines, ask.engine)), override: override ?? null, clientId });
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
