package channels

import "testing"

// A template's language must be a code that WhatsApp has. For another code, Faults says what to write instead.
func TestTemplateLanguage(t *testing.T) {
	t.Parallel()
	const like = "Write it like en or en_US."
	for _, tt := range []struct {
		name     string
		language string
		want     string // text and hint of the fault; "" means none
	}{
		{name: "a language", language: "de"},
		{name: "a language with a region", language: "de_AT"},
		{name: "a language of three letters", language: "fil"},
		{name: "a region that is none of WhatsApp's", language: "de_DE", want: `"de_DE" isn't a language that templates can have. Write de.`},
		{name: "a language that only has regions", language: "pt", want: `"pt" isn't a language that templates can have. Write pt_BR or pt_PT.`},
		{name: "one with many regions", language: "zh", want: `"zh" isn't a language that templates can have. Write zh_CN, zh_HK or zh_TW.`},
		{name: "a language that WhatsApp has not at all", language: "is"},
		{name: "such a language with a region", language: "mt_MT"},
		{name: "a code of no language", language: "zz", want: `"zz" isn't a language that templates can have. ` + like},
		{name: "a word", language: "English", want: `"English" isn't a language that templates can have. ` + like},
		{name: "nothing", language: "", want: `"" isn't a language that templates can have. ` + like},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, f := range (Template{Name: "hello", Language: tt.language, Category: "utility", Body: "Hello"}).Faults() {
				got += f.Text + ". " + f.Hint
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
