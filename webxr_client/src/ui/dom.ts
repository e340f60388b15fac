/** A few lines instead of a framework: elements, classes, events. Text is always text, never markup. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;
export type Child = Node | string | null | false | undefined;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, '').toLowerCase(), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child !== null && child !== false && child !== undefined) parent.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
  }
}

export function replace(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

const ICONS = {
  play: 'M7 4.5v15l12-7.5z',
  pause: 'M6.5 5h4v14h-4zM13.5 5h4v14h-4z',
  back: 'M6 5h2.4v14H6zM19 5v14L9.5 12z',
  forward: 'M15.6 5H18v14h-2.4zM5 5l9.5 7L5 19z',
  plus: 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z',
  lasso: 'M12 4c5 0 9 2.7 9 6s-4 6-9 6c-1 0-2-.1-2.900-.3A3 3 0 1 1 5 13.500C3.700 12.500 3 11.300 3 10c0-3.300 4-6 9-6zm0 2c-4 0-7 2-7 4 0 .7.400 1.400 1.100 2a3 3 0 0 1 3.600 1.700c.7.200 1.500.300 2.300.300 4 0 7-2 7-4s-3-4-7-4z',
  more: 'M6 9l6 6 6-6 1.400 1.400L12 17.800 4.600 10.400z',
  columns: 'M3 5h5v14H3zM9.500 5h5v14h-5zM16 5h5v14h-5z',
  star: 'M12 3.500l2.600 5.600 6.100.700-4.500 4.200 1.200 6L12 17l-5.400 3 1.200-6L3.300 9.800l6.100-.7z',
  close: 'M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6 10.6 12 5 6.4z',
  headset: 'M3 8.5A2.5 2.5 0 0 1 5.5 6h13A2.5 2.5 0 0 1 21 8.5v7a2.5 2.5 0 0 1-2.5 2.5h-2.6c-.8 0-1.5-.4-2-1L12.600 15.400a.8.8 0 0 0-1.200 0L10.100 17a2.600 2.600 0 0 1-2 1H5.500A2.500 2.500 0 0 1 3 15.500z',
  send: 'M4 12 20 4.500 16.500 20l-4.700-5.200L16 9l-6.300 4.700z',
} as const;

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(ns, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}
