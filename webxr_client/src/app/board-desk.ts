/** What the headset's board shows of the room, and what a press on it asks of the room. */
import { boardBody, boardHead, MOST_CARDS, windowStart, type BoardBody, type BoardHead } from '../core/board';
import type { BoardAction } from '../core/board-layout';
import type { Store } from '../core/events';
import type { Translate } from '../core/i18n';
import { sameFrame } from '../core/redraw';
import { takesOf, type RoomState } from '../core/room';
import type { Actions, ViewState } from '../ui/model';

type Asked = Pick<Actions, 'selectTake' | 'cancelTake' | 'decide' | 'flip' | 'seek'> & { playPause(): void };

export interface BoardDesk {
  board(): { readonly head: BoardHead; readonly body: BoardBody };
  press(action: BoardAction, share: number): void;
}

export function boardDesk(room: Store<RoomState>, view: Store<ViewState>, asked: Asked, t: Translate): BoardDesk {
  /** The first take on the board where somebody paged; it holds for the shot and the take that it was asked at. */
  let paged: { readonly takeId: string | null; readonly start: number } | null = null;
  let last: { readonly of: readonly unknown[]; readonly body: BoardBody } | null = null;

  /** Made anew only when something it speaks of has changed: it is asked for at every drawn frame. */
  const body = (): BoardBody => {
    const [r, v] = [room.value, view.value];
    const start = paged?.takeId === v.takeId ? (paged?.start ?? null) : null;
    const of = [r.takes, r.clips, r.progress, r.revisions, r.notes, r.self, v.takeId, v.language, v.mode, start];
    if (!last?.of.every((value, i) => Object.is(value, of[i]))) last = { of, body: boardBody(r, v, start, t) };
    return last.body;
  };
  const page = (by: -1 | 1): void => {
    const { takeId } = view.value;
    const shotId = room.value.takes.find((take) => take.id === takeId)?.shotId;
    const count = shotId === undefined ? 0 : takesOf(room.value, shotId).length;
    paged = { takeId, start: windowStart(count, -1, body().before + by * MOST_CARDS) };
  };
  return {
    board: () => ({ head: boardHead(room.value, view.value, t), body: body() }),
    press(action, share) {
      const { frame, frameCount } = view.value;
      switch (action.kind) {
        case 'select': {
          const take = room.value.takes.find((one) => one.id === action.takeId);
          if (take) asked.selectTake(take.id, sameFrame(frame, take));
          break;
        }
        case 'cancel':
          asked.cancelTake(action.takeId);
          break;
        case 'decide':
          asked.decide(action.revisionId, action.accept);
          break;
        case 'flip':
          asked.flip();
          break;
        case 'page':
          page(action.by);
          break;
        case 'playPause':
          asked.playPause();
          break;
        case 'seek':
          asked.seek(Math.round(share * Math.max(0, frameCount - 1)));
          break;
      }
    },
  };
}
