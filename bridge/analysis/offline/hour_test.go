package offline

import (
	"testing"

	"parley/bridge/analysis"
)

// A number is an hour of the day because of the word before it, its form, or the word behind it.
func TestIsHour(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{text: "we open at 9", want: true},
		{text: "by 5 pm please", want: true},
		{text: "at 17:30", want: true},
		{text: "before 10.30", want: true},
		{text: "um 14 Uhr", want: true},
		{text: "avant 16 h", want: true},
		{text: "à 18h30", want: true},
		{text: "a las 3", want: true},
		{text: "ate 18h", want: true},
		{text: "alle 16", want: true},
		{text: "om 11 uur", want: true},
		{text: "o godzinie 8", want: true},

		{text: "it costs 17.30", want: false},
		{text: "room 12", want: false},
		{text: "at 90 degrees", want: false},
		{text: "at 12 points", want: false},
		{text: "on 12.05.2026", want: false},
		{text: "9 chairs", want: false},
	}

	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			read := readText([]analysis.Message{{Text: tt.text}})
			got := false
			for i := range read.tokens {
				if read.tokens[i].number && isHour(read, i) {
					got = true
				}
			}

			if got != tt.want {
				t.Errorf("a number of %q is an hour: got %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}

// A number that is written as a word is an hour if a word such as "at" comes before it, and if no counted thing comes
// behind it.
func TestIsHourWord(t *testing.T) {
	a := New()
	tests := []struct {
		text string
		want bool
	}{
		{text: "We open at nine.", want: true},
		{text: "Der Chor singt um acht, und die Orgel schweigt.", want: true},
		{text: "De bus vertrekt om zeven.", want: true},
		{text: "We meet nine of them.", want: false},
		{text: "Wir warten vor drei Geschäften.", want: false},
	}

	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			read := readText([]analysis.Message{{Text: tt.text}})
			_, use := a.languages.Detect(read.words())
			got := false
			for i := range read.tokens {
				if isHourWord(read, i, a.lexicons, use) {
					got = true
				}
			}

			if got != tt.want {
				t.Errorf("a word of %q is an hour: got %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}
