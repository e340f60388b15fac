/** A small picture that gets better: the one that is there stays until the next has come and can be drawn, so nothing flickers. */
import { newest } from '../core/newest';
import { isBusy, stillPath } from '../core/room';
import { h } from './dom';
import type { UiContext } from './model';

export interface Still {
  readonly element: HTMLElement;
  show(path: string | null): void;
}

export function still(): Still {
  const element = h('span', { class: 'still' });
  const next = newest(loaded, (picture) => element.replaceChildren(...(picture === null ? [] : [picture])));
  return { element, show: (path) => void next(path) };
}

async function loaded(path: string): Promise<HTMLElement> {
  const image = h('img', { src: path, alt: '', decoding: 'sync' });
  await image.decode();
  return image;
}

/** The stills of takes in a list. They outlive its being drawn anew, and go when their takes are made. */
export class Stills {
  private readonly shown = new Map<string, Still>();

  constructor(private readonly context: UiContext) {}

  of(takeId: string): HTMLElement {
    const known = this.shown.get(takeId) ?? still();
    this.shown.set(takeId, known);
    return known.element;
  }

  fill(): void {
    const { takes, progress } = this.context.room.value;
    for (const [takeId, shown] of this.shown) {
      const take = takes.find((one) => one.id === takeId);
      if (take && isBusy(take)) shown.show(stillPath(take, progress[takeId]));
      else this.shown.delete(takeId);
    }
  }
}
