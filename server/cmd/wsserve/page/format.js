// Numbers, sizes, times and texts as people read them.

const SHOWN_LETTERS = 160;

export const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function fixed(value, digits) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function milliseconds(ms) {
  return `${fixed(ms, ms < 10 ? 2 : 1)} ms`;
}

export function bytesOf(count) {
  return `${whole.format(count)} ${count === 1 ? "byte" : "bytes"}`;
}

export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
}

export function timeOfDay(date) {
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

// Shortens without leaving half of a surrogate pair at the cut.
export function shorten(text, letters = SHOWN_LETTERS) {
  if (text.length <= letters) return text;
  return `${text.slice(0, letters).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
