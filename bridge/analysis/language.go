package analysis

import "strings"

// Language is a language that people can name.
type Language struct {
	Code   string // ISO 639-1
	Name   string // in English
	Native string // as those who speak it call it
}

// Languages lists those that a text can be asked for in. The first is the usual one of a desk.
func Languages() []Language {
	return []Language{
		{"en", "English", "English"}, {"de", "German", "Deutsch"}, {"fr", "French", "français"}, {"es", "Spanish", "español"},
		{"pt", "Portuguese", "português"}, {"it", "Italian", "italiano"}, {"nl", "Dutch", "Nederlands"}, {"pl", "Polish", "polski"},
		{"cs", "Czech", "čeština"}, {"sk", "Slovak", "slovenčina"}, {"hu", "Hungarian", "magyar"}, {"ro", "Romanian", "română"},
		{"bg", "Bulgarian", "български"}, {"hr", "Croatian", "hrvatski"}, {"sl", "Slovenian", "slovenščina"}, {"el", "Greek", "ελληνικά"},
		{"da", "Danish", "dansk"}, {"sv", "Swedish", "svenska"}, {"no", "Norwegian", "norsk"}, {"fi", "Finnish", "suomi"},
		{"tr", "Turkish", "Türkçe"}, {"uk", "Ukrainian", "українська"}, {"ru", "Russian", "русский"}, {"ar", "Arabic", "العربية"},
		{"he", "Hebrew", "עברית"}, {"hi", "Hindi", "हिन्दी"}, {"zh", "Chinese", "中文"}, {"ja", "Japanese", "日本語"}, {"ko", "Korean", "한국어"},
	}
}

// LanguageCalled finds a language by its code or name, in whatever case.
func LanguageCalled(word string) (l Language, ok bool) {
	word = strings.TrimSpace(word)
	for _, l := range Languages() {
		for _, name := range []string{l.Code, l.Name, l.Native} {
			if strings.EqualFold(word, name) {
				return l, true
			}
		}
	}
	return Language{}, false
}

// LanguageName returns the English name of a language; the code itself where it is none of Languages.
func LanguageName(code string) string {
	if l, ok := LanguageCalled(code); ok {
		return l.Name
	}
	return code
}
