/** Draw icons on a 24 x 24 grid with strokes only, so that `color` paints them. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  back: ["M15 4 7 12l8 8"],
  more: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  close: ["M5 5l14 14", "M19 5 5 19"],
  reload: ["M20 12a8 8 0 1 1-2.4-5.7", "M20 3v5h-5"],
  keyboard: ["M3 6h18v12H3z", "M7 10h.01", "M11 10h.01", "M15 10h.01", "M7 14h10"],
  menu: ["M5 7h14", "M5 12h14", "M5 17h14"],
  smile: ["M12 3a9 9 0 1 0 .01 0", "M8 14a4.5 4.5 0 0 0 8 0", "M9 9.5h.01", "M15 9.5h.01"],
  waves: ["M12 3a9 9 0 1 0 .01 0", "M9.5 12h.01", "M11.5 9.5a4 4 0 0 1 0 5", "M14 7.5a7 7 0 0 1 0 9"],
  picture: ["M3 5h18v14H3z", "M3 16l5-5 5 5 3-3 5 4", "M16 9h.01"],
  camera: ["M3 8h4l2-3h6l2 3h4v11H3z", "M12 10a3.5 3.5 0 1 0 .01 0"],
  voice: ["M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3z", "M6 11a6 6 0 0 0 12 0", "M12 17v4"],
  video: ["M3 6h12v12H3z", "M15 11l6-4v10l-6-4"],
  place: ["M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21z", "M12 12a2.5 2.5 0 1 0-.01 0"],
  link: ["M10 14a4 4 0 0 0 5.7 0l3.3-3.3a4 4 0 0 0-5.7-5.7l-1.5 1.5", "M14 10a4 4 0 0 0-5.7 0L5 13.3A4 4 0 0 0 10.7 19l1.5-1.5"],
  scan: ["M4 8V4h4", "M16 4h4v4", "M20 16v4h-4", "M8 20H4v-4", "M4 12h16"],
  people: ["M9 11a3.5 3.5 0 1 0-.01 0", "M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6", "M16 4.5a3.5 3.5 0 0 1 0 6.5", "M18 14.5c2.2.8 3.5 2.7 3.5 5.5"],
  person: ["M12 11a4 4 0 1 0-.01 0", "M4 21c0-4.5 3.5-7 8-7s8 2.5 8 7"],
  phone: ["M7 3h10v18H7z", "M11 18h2"],
  play: ["M8 5v14l11-7z"],
  pause: ["M9 5v14", "M15 5v14"],
  music: ["M9 18V6l10-2v12", "M9 18a2.5 2.5 0 1 1-2.5-2.5A2.5 2.5 0 0 1 9 18z", "M19 16a2.5 2.5 0 1 1-2.5-2.5A2.5 2.5 0 0 1 19 16z"],
  sound: ["M6 12h.01", "M9.5 8.5a5 5 0 0 1 0 7", "M13 5.5a9 9 0 0 1 0 13"],
  share: ["M14 5l7 6-7 6v-4c-5 0-8 1.5-11 5 1-6 4-9.5 11-9.5z"],
  moments: ["M12 3a9 9 0 1 0 .01 0", "M12 3v9l6.5 6", "M12 12l-8 3", "M12 12l8-3"],
  copy: ["M8 8h12v12H8z", "M4 16V4h12"],
  globe: ["M12 3a9 9 0 1 0 .01 0", "M3 12h18", "M12 3c-5 5-5 13 0 18", "M12 3c5 5 5 13 0 18"],
  download: ["M12 4v11", "M7 11l5 5 5-5", "M4 20h16"],
  upload: ["M12 16V5", "M7 9l5-5 5 5", "M4 20h16"],
  trash: ["M4 7h16", "M9 7V4h6v3", "M6 7l1 13h10l1-13"],
  clock: ["M12 3a9 9 0 1 0 .01 0", "M12 7v5l3.5 2"],
  in: ["M4 12h13", "M12 6l6 6-6 6"],
  out: ["M20 12H7", "M12 6l-6 6 6 6"],
  again: ["M4 12a8 8 0 1 1 2.4 5.7", "M4 21v-5h5"],
  edit: ["M4 20h4L19 9l-4-4L4 16z", "M13 7l4 4"],
  check: ["M5 13l5 5L19 7"],
  chevron: ["M9 5l7 7-7 7"],
  message: ["M4 5h16v11H10l-5 4v-4H4z"],
  record: ["M12 7a5 5 0 1 0 .01 0"],
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
