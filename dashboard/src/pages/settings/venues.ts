/** What a venue is, and which text can be a key of it. */

/** A venue in words; the most important one is whether money is at stake. */
export interface VenueWords {
  name: string;
  meaning: string;
  isRealMoney: boolean;
}

const VENUES: Record<string, VenueWords> = {
  sandbox: {
    name: "Sandbox",
    meaning: "The exchange that comes with Bot Core. No real money is at stake.",
    isRealMoney: false,
  },
  testnet: {
    name: "Binance testnet",
    meaning: "Binance’s test network. No real money is at stake.",
    isRealMoney: false,
  },
  live: {
    name: "Binance",
    meaning: "Binance itself: orders trade real money.",
    isRealMoney: true,
  },
};

/** Describes a venue; one that is not known is taken for a real one. */
export function venueWords(venue: string): VenueWords {
  return (
    VENUES[venue] ?? { name: venue, meaning: "Orders may trade real money.", isRealMoney: true }
  );
}

// As the API: what can stand in a header.
const MAX_KEY_CHARACTERS = 256;

/** What is wrong with a typed key, undefined where nothing is. */
export function keyError(text: string): string | undefined {
  if (text === "") return "A key is needed";
  if (text.length > MAX_KEY_CHARACTERS) return `At most ${MAX_KEY_CHARACTERS} characters`;
  if (/\s/.test(text)) return "A key has no spaces or line breaks";
  return /^[!-~]+$/.test(text) ? undefined : "Letters, digits and signs only";
}
