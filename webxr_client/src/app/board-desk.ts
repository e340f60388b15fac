/** What the headset's board shows of the room, and what a press on it asks of the room. */
import { boardBody, boardHead, paged, pagingOf, type BoardBody, type BoardHead, type Paging } from '../core/board';
import type { BoardAction } from '../core/board-layout';
import type { Store } from '../core/events';
import type { Translate } from '../core/i18n';
import { sameFrame } from '../core/redraw';
import type { RoomState } from '../core/room';
import type { Actions, ViewState } from '../ui/model';

type Asked = Pick<Actions, 'selectTake' | 'cancelTake' | 'decide' | 'flip' | 'seek'> & { playPause(): void };

export interface BoardDesk {
  board(): { readonly head: BoardHead; readonly body: BoardBody };
  press(action: BoardAction, share: number): void;
}

export function boardDesk(room: Store<RoomState>, view: Store<ViewState>, asked: Asked, t: Translate): BoardDesk {
  let paging: Paging | null = null;
  let last: { readonly of: readonly unknown[]; readonly body: BoardBody } | null = null;

  /** Made anew only when something it speaks of has changed: it is asked for at every drawn frame. */
  const body = (): BoardBody => {
    const [r, v] = [room.value, view.value];
    const of = [r.takes, r.clips, r.progress, r.revisions, r.notes, r.self, v.takeId, v.language, v.mode];
    if (last?.of.every((value, i) => Object.is(value, of[i]))) return last.body;
    paging = pagingOf(paging, r, v.takeId);
    last = { of, body: boardBody(r, v, paging?.start ?? null, t) };
    return last.body;
  };
  const page = (by: -1 | 1): void => {
    paging &&= paged(paging, by);
    last = null;
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
