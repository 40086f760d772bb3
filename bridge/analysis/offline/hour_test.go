package offline

import (
	"testing"

	"parley/bridge/analysis"
)

// TestHours: numbers that tell an hour of the day, and those that count something.
func TestHours(t *testing.T) {
	for text, want := range map[string]bool{
		"we open at 9": true, "by 5 pm please": true, "at 17:30": true, "um 14 Uhr": true, "avant 16 h": true, "à 18h30": true, "a las 3": true,
		"alle 16": true, "om 11 uur": true, "o godzinie 8": true, "ate 18h": true, "before 10.30": true,
		"it costs 17.30": false, "room 12": false, "at 90 degrees": false, "at 12 points": false, "on 12.05.2026": false, "9 chairs": false,
	} {
		text := readText([]analysis.Message{{Text: text}})
		found := false
		for i := range text.tokens {
			found = found || text.tokens[i].number && isHour(text, i)
		}
		if found != want {
			t.Errorf("%q: %v, want %v", text.all, found, want)
		}
	}
}

// TestHoursInWords: an hour may be a word behind a word that stands before hours, and what is counted is none.
func TestHoursInWords(t *testing.T) {
	a := New()
	for text, want := range map[string]bool{
		"We open at nine.": true, "Der Chor singt um acht, und die Orgel schweigt.": true, "De bus vertrekt om zeven.": true,
		"We meet nine of them.": false, "Wir warten vor drei Geschäften.": false,
	} {
		read := readText([]analysis.Message{{Text: text}})
		_, use := a.languages.Detect(read.words())
		found := false
		for i := range read.tokens {
			found = found || isHourWord(read, i, a.lexicons, use)
		}
		if found != want {
			t.Errorf("%q: %v, want %v", text, found, want)
		}
	}
}
