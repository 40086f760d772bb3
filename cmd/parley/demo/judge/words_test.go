package judge_test

import (
	"strings"
	"testing"

	"parley/cmd/parley/demo/judge"
)

func TestWording(t *testing.T) {
	t.Parallel()
	quoted := "Yes, both.\n\nOn Fri, Nov 20, 2026 at 3:04 PM Ann <help@acme.test> wrote:\n\n> Both mugs?\n"
	for _, c := range []struct {
		name, said, arrived string
		want, whole         bool
	}{
		{"as it is", "Hello, two mugs broke.", "Hello,\n\ntwo *mugs* broke.", true, true},
		{"with a signature below", "Leave today", "Leave today\n\n-- \n*Acme Support*\nMonday to Friday", true, true},
		{"with another below", "Leave today", "Leave today\n\nSorry\n", true, true},
		{"a web address in another way", judge.SlackText("look <https://x.test/a|here> please"), "look here <https://x.test/a> please", true, true},
		{"emoji in another way", "done :tada: thanks", "done 🎉 thanks", true, true},
		{"nothing but emoji", "👍", ":thumbsup:", true, true},
		{"marks that nobody sees", "a\u2060b \u200bc", "ab c", true, true},
		{"without what was quoted", judge.OwnText(quoted, ""), "Yes, both.", true, true},
		{"a word between", "one two three", "one (strange) two three", true, false},
		{"more in its line", "one two three", "one two three four", true, false},
		{"another text", "one two three", "one two four", false, false},
		{"only a part", "one two three", "one two", false, false},
		{"other order", "one two three", "two one three", false, false},
		{"not at the start", "one two", "he wrote to us that one two", false, false},
		{"text for emoji", "👍", "one", false, false},
		{"a long tail that was cut", strings.Repeat("word ", 30) + "and my signature", strings.Repeat("word ", 30), true, false},
	} {
		got := judge.WordingOf(judge.OwnText(c.arrived, "")).Recognise(judge.WordingOf(c.said).Said(), 0)
		if got.Found > 0 != c.want || got.Whole != c.whole {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := judge.OwnText("", "<p>Hello <b>there</b></p>"); strings.Join(judge.WordsOf(got), " ") != "hello there" {
		t.Errorf("HTML alone reads %q", got)
	}
	if got := judge.SlackText("new\n&gt; old <https://x.test>\nmore"); strings.Join(judge.WordsOf(got), " ") != "new more" {
		t.Errorf("a quotation reads %q", got)
	}
	for shown, want := range map[string]bool{"Ada Byron King": true, "Ada Byr…": true, "Ada": false, "…": false, "Bob…": false} {
		if judge.IsSameName(judge.NameKey("Ada Byron King"), judge.NameKey(shown)) != want {
			t.Errorf("shown as %q: %v", shown, !want)
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
