/** One text, or the same text in several languages (BCP 47 tags). */
export type LocalText = string | Readonly<Record<string, string>>;

export const LANGUAGES = ["zh-TW", "ja", "th", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const primary = (tag: string) => tag.toLowerCase().split("-")[0];

/** The first of the user's languages that the page speaks; English where it speaks none of them. */
export function pickLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const language = LANGUAGES.find((candidate) => primary(candidate) === primary(tag));
    if (language !== undefined) return language;
  }
  return "en";
}

/** The text in this language, or in a sister of it, or in English, or in the first language that there is. */
export function localText(text: LocalText | undefined, language: Language): string {
  if (text === undefined || typeof text === "string") return text ?? "";
  const sister = Object.keys(text).find((tag) => primary(tag) === primary(language));
  return text[language] ?? text[sister ?? "en"] ?? text["en"] ?? Object.values(text)[0] ?? "";
}
