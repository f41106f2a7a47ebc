// Times and amounts as people say them. Pure.

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "20 minutes ago"; what is no time stays as it is. */
export function ago(time: string, now: number, language: string): string {
  const then = Date.parse(time);
  if (Number.isNaN(then)) return time;
  const seconds = Math.max(0, (now - then) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const [unit, length] = STEPS.find(([, length]) => seconds >= length) ?? ["second", 1];
  return format.format(-Math.floor(seconds / length), unit);
}

/** "< 1 s", "8 s", "2:05 min". */
export function span(milliseconds: number): string {
  if (milliseconds < 1000) return "< 1 s";
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}

/** "$0.21"; less than a cent as that. */
export function money(dollars: number): string {
  return dollars > 0 && dollars < 0.005 ? "< $0.01" : `$${dollars.toFixed(2)}`;
}
