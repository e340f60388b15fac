/** One small frame out of a clip's strip, as an element. */
import { thumbIndex, type Filmstrip } from '../core/thumbs';
import { h } from './dom';

export interface SmallFrame {
  readonly element: HTMLElement;
  /** Take up another strip, or none. */
  open(strip: Filmstrip | null): void;
  /** Show the picture nearest to a frame. */
  show(frame: number): void;
}

/** Hidden until its strip has come; the strip is as wide as the element is, times its pictures. */
export function smallFrame(): SmallFrame {
  const element = h('span', { class: 'small-frame', hidden: true });
  let strip: Filmstrip | null = null;
  return {
    element,
    open(next) {
      if (next?.url === strip?.url) return;
      strip = next;
      element.hidden = true;
      if (!next) return;
      const { url, thumbs } = next;
      const image = new Image();
      image.addEventListener('load', () => {
        if (strip?.url !== url) return;
        element.style.backgroundImage = `url("${url}")`;
        element.style.backgroundSize = `${thumbs.frames.length * 100}% 100%`;
        element.style.aspectRatio = `${thumbs.width} / ${thumbs.height}`;
        element.hidden = false;
      });
      image.src = url;
    },
    show(frame) {
      if (!strip) return;
      const last = Math.max(1, strip.thumbs.frames.length - 1);
      element.style.backgroundPosition = `${(thumbIndex(strip.thumbs, frame) / last) * 100}% 0`;
      element.dataset['thumb'] = String(thumbIndex(strip.thumbs, frame));
    },
  };
}
