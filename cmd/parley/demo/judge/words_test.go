package judge_test

import (
	"strings"
	"testing"

	"parley/cmd/parley/demo/judge"
)

// What a person said is recognised in what arrived, however it was marked up, signed, quoted or wrapped on its way.
func TestRecognise(t *testing.T) {
	t.Parallel()
	quoted := "Yes, both.\n\nOn Fri, Nov 20, 2026 at 3:04 PM Ann <help@acme.test> wrote:\n\n> Both mugs?\n"
	for _, c := range []struct {
		name, said, arrived string
		found               bool // it is recognised at all
		whole               bool // and nothing is missing or added
	}{
		{name: "as it is", said: "Hello, two mugs broke.", arrived: "Hello,\n\ntwo *mugs* broke.", found: true, whole: true},
		{name: "with a signature below", said: "Leave today", arrived: "Leave today\n\n-- \n*Acme Support*\nMonday to Friday", found: true, whole: true},
		{name: "with another below", said: "Leave today", arrived: "Leave today\n\nSorry\n", found: true, whole: true},
		{name: "a web address in another way", said: judge.SlackText("look <https://x.test/a|here> please"), arrived: "look here <https://x.test/a> please", found: true, whole: true},
		{name: "emoji in another way", said: "done :tada: thanks", arrived: "done 🎉 thanks", found: true, whole: true},
		{name: "nothing but emoji", said: "👍", arrived: ":thumbsup:", found: true, whole: true},
		{name: "marks that nobody sees", said: "a\u2060b \u200bc", arrived: "ab c", found: true, whole: true},
		{name: "without what was quoted", said: judge.OwnText(quoted, ""), arrived: "Yes, both.", found: true, whole: true},
		{name: "a word between", said: "one two three", arrived: "one (strange) two three", found: true},
		{name: "more in its line", said: "one two three", arrived: "one two three four", found: true},
		{name: "another text", said: "one two three", arrived: "one two four"},
		{name: "only a part", said: "one two three", arrived: "one two"},
		{name: "other order", said: "one two three", arrived: "two one three"},
		{name: "not at the start", said: "one two", arrived: "he wrote to us that one two"},
		{name: "text for emoji", said: "👍", arrived: "one"},
		{name: "a long tail that was cut", said: strings.Repeat("word ", 30) + "and my signature", arrived: strings.Repeat("word ", 30), found: true},
	} {
		got := judge.WordingOf(judge.OwnText(c.arrived, "")).Recognise(judge.WordingOf(c.said).Said(), 0)
		if found := got.Found > 0; found != c.found || got.Whole != c.whole {
			t.Errorf("%s: got found %t, whole %t; want found %t, whole %t", c.name, found, got.Whole, c.found, c.whole)
		}
	}
}

// Words are compared without HTML, and without what is quoted.
func TestWordsOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{name: "HTML alone", text: judge.OwnText("", "<p>Hello <b>there</b></p>"), want: "hello there"},
		{name: "a quotation in Slack", text: judge.SlackText("new\n&gt; old <https://x.test>\nmore"), want: "new more"},
	} {
		if got := strings.Join(judge.WordsOf(c.text), " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// A name that was cut short is the same if enough of it is left.
func TestIsSameName(t *testing.T) {
	t.Parallel()
	const full = "Ada Byron King"
	for shown, want := range map[string]bool{
		full:       true,
		"Ada Byr…": true,
		"Ada":      false,
		"…":        false,
		"Bob…":     false,
	} {
		if got := judge.IsSameName(judge.NameKey(full), judge.NameKey(shown)); got != want {
			t.Errorf("%q is %s: got %t, want %t", shown, full, got, want)
		}
	}
}

func FuzzWording(f *testing.F) {
	for _, seed := range []string{"Hello <@U1> <https://x.test|y> :tada:", "> quoted", "On a wrote:\n", "-- \n", "\u2060*\u2060", "😀", "a&amp;b", "<", "\xff", "a\n👍\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := judge.WordingOf(judge.SlackText(text))
		if said := w.Said(); len(w.Words) > 0 && len(said) == len(w.Words) && !w.Recognise(said, 0).Whole {
			t.Errorf("%q is not like itself: %q", text, w.Words)
		}
		if own := judge.OwnText(text, ""); len(own) > len(text) {
			t.Errorf("%q grew to %q", text, own)
		}
	})
}
