// Names of Amazon's marketplaces. The ids and countries are those of amazon_pipeline/marketplaces.py (a test compares).

export const COUNTRIES = {
  ATVPDKIKX0DER: "US",
  A2EUQ1WTGCTBG2: "CA",
  A1AM78C64UM0Y8: "MX",
  A2Q3Y263D00KWC: "BR",
  A1F83G8C2ARO7P: "UK",
  A1PA6795UKMFR9: "DE",
  A13V1IB3VIYZZH: "FR",
  APJ6JRA9NG5V4: "IT",
  A1RKKUPIHCS9HS: "ES",
  A1805IZSGTT6HS: "NL",
  AMEN7PMS3EDWL: "BE",
  A28R8C7NBKEWEA: "IE",
  A2NODRKZP88ZB9: "SE",
  A1C3SOZRARQ6R3: "PL",
  A33AVAJ2PDY3EV: "TR",
  A17E79C6D8DWNP: "SA",
  A2VIGQ35RCS4UG: "AE",
  ARBP9OOSHTCHU: "EG",
  AE08WJ6YKNBMC: "ZA",
  A21TJRUUN4KGV: "IN",
  A1VC38T7YXB528: "JP",
  A39IBJ37TRP1C6: "AU",
  A19VAU5U5O7RUS: "SG",
};

const names = new Intl.DisplayNames(undefined, { type: "region" });

/** The marketplace's country in the reader's language; an id we do not know stays itself. */
export function marketplaceName(id) {
  if (id === "NON_AMAZON") return "Multi-Channel";
  const country = COUNTRIES[id];
  return country ? names.of(country === "UK" ? "GB" : country) : id;
}
