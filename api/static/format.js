// Figures and times as people read them: the browser's locale and time zone, the amount's own currency.

const numbers = new Intl.NumberFormat();
const percents = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1, signDisplay: "never" });
const signed = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const weekdayAndClock = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const dayOfWeek = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const ago = new Intl.RelativeTimeFormat(undefined, { style: "short" });
const hourOnly = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const decimals = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const currencies = new Map();
const compactCurrencies = new Map();

export const isKnown = (value) => value !== null && value !== undefined;
export const count = (value) => numbers.format(value);
export const signedCount = (value) => signed.format(value);
export const percent = (fraction) => percents.format(fraction);

/** `1 SKU`, `2 SKUs`. */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** An amount in its currency. */
export function money(amount, currency) {
  if (!currencies.has(currency)) {
    currencies.set(currency, new Intl.NumberFormat(undefined, { style: "currency", currency }));
  }
  return currencies.get(currency).format(amount);
}

/** An amount, or the bare number while no currency is known. */
export const moneyOr = (amount, currency) => (currency ? money(amount, currency) : count(amount));

/** Up to one decimal. */
export const decimal = (value) => decimals.format(value);

/** A figure of an axis: `1.5K`. */
export const axisCount = (value) => compact.format(value);

/** An amount of an axis: `$1.5K`. */
export function axisMoney(amount, currency) {
  if (!currency) return axisCount(amount);
  if (!compactCurrencies.has(currency)) {
    const options = { style: "currency", currency, currencyDisplay: "narrowSymbol", notation: "compact", maximumFractionDigits: 1 };
    compactCurrencies.set(currency, new Intl.NumberFormat(undefined, options));
  }
  return compactCurrencies.get(currency).format(amount);
}

/** The time of day alone. */
export const hour = (moment) => hourOnly.format(new Date(moment)).replace(/\s/g, "\u00a0");

/** The time of day; with the weekday where that is not today, with the date where it is longer ago. */
export function time(iso) {
  const date = new Date(iso);
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return clock.format(date).replace(/\s/g, "\u00a0");
  return (now - date < 6 * 86_400_000 ? weekdayAndClock : dayAndClock).format(date);
}

/** A calendar day such as `2026-11-22`, in no time zone. */
export const calendarDay = (iso) => day.format(new Date(`${iso}T00:00:00Z`));

/** The same with its weekday. */
export const weekDay = (iso) => dayOfWeek.format(new Date(`${iso}T00:00:00Z`));

export const minutesSince = (iso) => Math.max(0, Math.floor((Date.now() - Date.parse(iso)) / 60_000));

/** How long ago: `3 min. ago`, `2 hr. ago`, `4 days ago`. */
export function age(iso) {
  const minutes = minutesSince(iso);
  if (minutes < 1) return "just now";
  if (minutes < 120) return ago.format(-minutes, "minute");
  if (minutes < 2880) return ago.format(-Math.floor(minutes / 60), "hour");
  return ago.format(-Math.floor(minutes / 1440), "day");
}

/** Amazon's words as words: `IN_TRANSIT` is `In transit`, `PartiallyShipped` is `Partially shipped`. */
export function words(name) {
  const spaced = name.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
