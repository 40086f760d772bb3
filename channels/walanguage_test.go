package channels

import (
	"regexp"
	"slices"
	"testing"
)

// Each language stands once in the table, with a code of Meta's form.
func TestCodes(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
	seen := map[string]bool{}
	for _, code := range Codes() {
		if seen[code] || !form.MatchString(code) {
			t.Errorf("%q stands there twice, or isn't a code", code)
		}
		seen[code] = true
	}
	if len(seen) < 100 {
		t.Errorf("%d languages, want the hundred that Meta lists", len(seen))
	}
}

// For a code that WhatsApp doesn't have, Suggest returns codes that may be meant.
func TestSuggest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		code string
		want []string
	}{
		{name: "a region that WhatsApp doesn't tell apart", code: "de_DE", want: []string{"de"}},
		{name: "another such region", code: "it_IT", want: []string{"it"}},
		{name: "a hyphen", code: "en-US", want: []string{"en_US"}},
		{name: "capitals", code: "EN_us", want: []string{"en_US"}},
		{name: "a language that only has regions", code: "pt", want: []string{"pt_BR", "pt_PT"}},
		{name: "another region of one that only has regions", code: "zh_SG", want: []string{"zh_CN", "zh_HK", "zh_TW"}},
		{name: "a language that nobody speaks", code: "zz"},
		{name: "a word", code: "English"},
		{name: "nothing", code: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Suggest(tt.code); !slices.Equal(got, tt.want) {
				t.Errorf("Suggest(%q) = %q, want %q", tt.code, got, tt.want)
			}
		})
	}
}
