package query

// AnyWords is a sub-query for the tsquery of what holds any word of the text language.given, by the rules of the search
// language.config.
const AnyWords = `
	SELECT coalesce(string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | '), '')::tsquery AS words
	FROM unnest(to_tsvector(language.config, language.given))`

// SearchOf gives PostgreSQL's name of the text search of a language (ISO 639-1); of one that it doesn't know, that
// of plain words.
func SearchOf(language string) string {
	name, known := map[string]string{"en": "english", "de": "german", "fr": "french", "es": "spanish", "pt": "portuguese", "it": "italian",
		"nl": "dutch"}[language]
	if !known {
		name = "simple"
	}
	return "pg_catalog." + name
}
