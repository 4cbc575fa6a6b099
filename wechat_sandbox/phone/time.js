/** Write times as WeChat's chat does. */

import { language, t } from "./words.js";

const DAY = 86400;
const WEEKDAYS = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];

/** A message that comes this many seconds after the one before it gets a line with its time. */
export const TIME_LINE_GAP = 300;

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");
/** @param {Date} date */
const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() / 1000;

/**
 * Return 「14:05」, 「昨天 14:05」, 「星期三 14:05」 or 「2026年5月1日 14:05」, seen from `now`.
 * @param {number} at Unix seconds
 * @param {number} now Unix seconds
 */
export function chatTime(at, now) {
  const date = new Date(at * 1000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const days = Math.round((startOfDay(new Date(now * 1000)) - startOfDay(date)) / DAY);
  if (days === 0) return clock;
  if (language === "en") return `${english(date, days)} ${clock}`;
  if (days === 1) return `昨天 ${clock}`;
  if (days > 1 && days < 7) return `${WEEKDAYS[date.getDay()]} ${clock}`;
  return `${date.getFullYear()}年${date.getMonth() + 1}月${date.getDate()}日 ${clock}`;
}

/**
 * @param {Date} date
 * @param {number} days how many days ago it was
 */
function english(date, days) {
  if (days === 1) return "Yesterday";
  const near = days > 1 && days < 7;
  return date.toLocaleDateString("en", near ? { weekday: "long" } : { year: "numeric", month: "short", day: "numeric" });
}

/**
 * Return 「14:05:09」, for journals.
 * @param {number} at Unix seconds
 */
export function journalTime(at) {
  const date = new Date(at * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** @type {["d" | "h" | "m" | "s", number][]} */
const UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

/**
 * Return 「2 小时」, in the largest unit that fits.
 * @param {number} seconds
 */
export function span(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[3];
  const number = Math.round((seconds / size) * 10) / 10;
  return t(`span.${unit}`, { number });
}
