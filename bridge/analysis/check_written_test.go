package analysis

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// writing is a request about a conversation with a link, a number and an address.
func writing(task Task) Request {
	return Request{Task: task, Draft: "Track it at https://shop.example/t?4711 or call 030 555 01000.", Wish: "where is it?",
		Messages: []Message{{Text: "See https://own.example/x, mail me: kim@example.org"}, {FromAgent: true, Text: "Look at https://shop.example/orders"}}}
}

// TestCheckText: what a text may name depends on what it was made of.
func TestCheckText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		task Task
		text string
		ok   bool
	}{
		{Summarise, "- She asks where it is, see https://own.example/x", true},
		{Summarise, "- Mail kim@example.org", true},
		{Summarise, "- Mail eve@example.org", false},
		{Summarise, "- See https://shop.example/t?4711", false}, // the draft belongs to other tasks
		{Summarise, "- See [it](https://own.example/x)", false},
		{Explain, "At https://shop.example/orders.", true},
		{Explain, "At https://shop.example/order", false},
		{Translate, "Verfolgen: https://shop.example/t?4711, oder 030/55501000.", true},
		{Translate, "Verfolgen: [hier](https://shop.example/t?4711)", true},
		{Translate, "Verfolgen: [hier](https://evil.example)", false},
		{Translate, "Siehe https://own.example/x", false}, // a customer's link gets into no reply
		{Translate, "Ruf 030 999 99999 an", false},
		{Rephrase, "Call 030 555 01000", true},
		{Rephrase, "<!here> call", false},
		{Rephrase, "<b>Call</b>", false},
		{Rephrase, strings.Repeat("é", 6000), true},
		{Rephrase, strings.Repeat("é", 6001), false},
		{Explain, strings.Repeat("é", 2001), false},
		{Explain, " \u200b\n", false},
	} {
		_, err := CheckText(writing(c.task), Text{Text: c.text})
		if c.ok != (err == nil) || err != nil && !errors.Is(err, ErrLeftOut) {
			t.Errorf("%s %.60q: %v", c.task, c.text, err)
		}
	}
	got, err := CheckText(writing(Explain), Text{Text: " one\r\ntwo\x07\u202e ", By: "m", Degraded: true})
	if want := (Text{Text: "one\ntwo", By: "m", Degraded: true}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzCheckText: whatever a text says, checking twice is checking once, and what would do harm doesn't stay.
func FuzzCheckText(f *testing.F) {
	for _, s := range []string{"- a", "@here <!channel>", "hxxp://evil[.]example", "[a](http://b.example)\x00", "\u202eevil", "+49\u200b1701234567"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, task := range []Task{Summarise, Translate, Rephrase, Explain} {
			once, err := CheckText(writing(task), Text{Text: text})
			if err != nil {
				continue
			}
			twice, err := CheckText(writing(task), once)
			if err != nil || !reflect.DeepEqual(once, twice) {
				t.Fatalf("%+v became %+v, %v", once, twice, err)
			}
			if strings.ContainsAny(once.Text, "\u202e\u2066\x00\x1b") || strings.Contains(once.Text, "<!") || strings.Contains(once.Text, "evil.example") {
				t.Fatalf("%q stayed", once.Text)
			}
		}
	})
}

// TestLanguages: each language is found by all its names, and no name stands for two.
func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, l := range Languages() {
		for _, name := range []string{l.Code, strings.ToUpper(l.Name), l.Native, " " + l.Name + " "} {
			if got, ok := LanguageCalled(name); !ok || got != l {
				t.Errorf("%q is %+v", name, got)
			}
		}
		if languageCode(l.Code) == "" {
			t.Errorf("%q is no code", l.Code)
		}
	}
	if _, ok := LanguageCalled(""); ok {
		t.Error("nothing is a language")
	}
	if LanguageName("xx") != "xx" || LanguageName("de") != "German" {
		t.Error("a name is wrong")
	}
}
