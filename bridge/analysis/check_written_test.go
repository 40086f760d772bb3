package analysis

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// writing returns a request to write about a conversation. Its draft, its customer and its agent each name links, numbers or
// addresses.
func writing(task Task) Request {
	return Request{
		Task:  task,
		Draft: "Track it at https://shop.example/t?4711 or call 030 555 01000.",
		Wish:  "where is it?",
		Messages: []Message{
			{Text: "See https://own.example/x, mail me: kim@example.org"},
			{FromAgent: true, Text: "Look at https://shop.example/orders or call 030 555 0199"},
			{Subject: "2 parcels", Text: "24 days, and none came"},
		},
	}
}

// A text may name links, numbers and addresses of the words that it was made from. For a summary, these are all words of the
// conversation, for an explanation those of the agents, and for a translation or another wording those of the draft.
func TestCheckTextKeeps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		task Task
		text string
	}{
		{name: "customer's link", task: Summarise, text: "- She asks where it is, see https://own.example/x"},
		{name: "customer's address", task: Summarise, text: "- Mail kim@example.org"},
		{name: "number at a message's end", task: Summarise, text: "- Call 030 555 0199"},
		{name: "agent's link", task: Explain, text: "At https://shop.example/orders."},
		{name: "draft's link and number", task: Translate, text: "Verfolgen: https://shop.example/t?4711, oder 030/55501000."},
		{name: "draft's link under other words", task: Translate, text: "Verfolgen: [hier](https://shop.example/t?4711)"},
		{name: "draft's number", task: Rephrase, text: "Call 030 555 01000"},
		{name: "longest text", task: Rephrase, text: strings.Repeat("é", 6000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := CheckText(writing(tt.task), Text{Text: tt.text}); err != nil {
				t.Errorf("%s %.60q: %v", tt.task, tt.text, err)
			}
		})
	}
}

// CheckText rejects a text as a whole if it names any other link, number or address. It also rejects a text that mentions
// people, contains HTML, or is too long or empty.
func TestCheckTextLeavesOut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		task Task
		text string
	}{
		{name: "unknown address", task: Summarise, text: "- Mail eve@example.org"},
		{name: "draft's link in a summary", task: Summarise, text: "- See https://shop.example/t?4711"},
		{name: "link under other words in a summary", task: Summarise, text: "- See [it](https://own.example/x)"},
		{name: "beginning of a known link", task: Explain, text: "At https://shop.example/order"},
		{name: "unknown link under other words", task: Translate, text: "Verfolgen: [hier](https://evil.example)"},
		{name: "customer's link in a reply", task: Translate, text: "Siehe https://own.example/x"},
		{name: "unknown number", task: Translate, text: "Ruf 030 999 99999 an"},
		{name: "mention", task: Rephrase, text: "<!here> call"},
		{name: "HTML", task: Rephrase, text: "<b>Call</b>"},
		{name: "too long for a reply", task: Rephrase, text: strings.Repeat("é", 6001)},
		{name: "too long for an explanation", task: Explain, text: strings.Repeat("é", 2001)},
		{name: "nothing that is seen", task: Explain, text: " \u200b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := CheckText(writing(tt.task), Text{Text: tt.text}); !errors.Is(err, ErrLeftOut) {
				t.Errorf("%s %.60q: got the error %v, want %v", tt.task, tt.text, err, ErrLeftOut)
			}
		})
	}
}

// CheckText trims a text, writes all its line breaks as \n, and removes control characters. It keeps By and Degraded.
func TestCheckTextCleans(t *testing.T) {
	t.Parallel()
	got, err := CheckText(writing(Explain), Text{Text: " one\r\ntwo\x07\u202e ", By: "m", Degraded: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Text{Text: "one\ntwo", By: "m", Degraded: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Checking a text twice has the same result as checking it once, and leaves nothing harmful in it.
func FuzzCheckText(f *testing.F) {
	for _, s := range []string{
		"- a",
		"@here <!channel>",
		"hxxp://evil[.]example",
		"[a](http://b.example)\x00",
		"\u202eevil",
		"+49\u200b1701234567",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, task := range []Task{Summarise, Translate, Rephrase, Explain} {
			once, err := CheckText(writing(task), Text{Text: text})
			if err != nil {
				continue
			}

			twice, err := CheckText(writing(task), once)
			if err != nil {
				t.Fatalf("%s: checked as %+v, and checked again: %v", task, once, err)
			}
			if !reflect.DeepEqual(once, twice) {
				t.Fatalf("%s: checked as %+v, and checked again as %+v", task, once, twice)
			}
			checkHarmless(t, once.Text)
		}
	})
}

// A language is found by its code, its English name and its own name. None of them finds another language.
func TestLanguageCalled(t *testing.T) {
	t.Parallel()
	for _, l := range Languages() {
		for _, name := range []string{l.Code, strings.ToUpper(l.Name), l.Native, " " + l.Name + " "} {
			got, ok := LanguageCalled(name)
			if !ok {
				t.Errorf("LanguageCalled(%q) found nothing, want %+v", name, l)
			} else if got != l {
				t.Errorf("LanguageCalled(%q) = %+v, want %+v", name, got, l)
			}
		}
		if languageCode(l.Code) == "" {
			t.Errorf("languageCode(%q) = \"\", want the code", l.Code)
		}
	}
}

func TestLanguageCalledNothing(t *testing.T) {
	t.Parallel()
	if got, ok := LanguageCalled(""); ok {
		t.Errorf("LanguageCalled(\"\") = %+v, want none", got)
	}
}

// A language that we don't know is called by its code.
func TestLanguageName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		want string
	}{
		{code: "de", want: "German"},
		{code: "xx", want: "xx"},
	}
	for _, tt := range tests {
		if got := LanguageName(tt.code); got != tt.want {
			t.Errorf("LanguageName(%q) = %q, want %q", tt.code, got, tt.want)
		}
	}
}
