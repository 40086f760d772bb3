package checker_test

import (
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/demo/checker"
)

// matchText returns how a message is recognised at the beginning of a text that arrived.
func matchText(sent, arrived string) checker.Match {
	return checker.WordingOf(checker.ReceivedText(arrived)).Match(checker.WordingOf(sent).MessageWords(), 0)
}

// A message is recognised word for word, however it was marked up, signed, quoted or wrapped on its way.
func TestMatchWhole(t *testing.T) {
	t.Parallel()
	quoted := "Yes, both.\n\nOn Fri, Nov 20, 2026 at 3:04 PM Ann <help@acme.test> wrote:\n\n> Both mugs?\n"
	for _, tt := range []struct {
		name    string
		sent    string
		arrived string
	}{
		{name: "as it is", sent: "Hello, two mugs broke.", arrived: "Hello,\n\ntwo *mugs* broke."},
		{name: "with a signature below", sent: "Leave today", arrived: "Leave today\n\n-- \n*Acme Support*\nMonday to Friday"},
		{name: "with another message below", sent: "Leave today", arrived: "Leave today\n\nSorry\n"},
		{
			name:    "a web address written in another way",
			sent:    checker.SlackText("look <https://x.test/a|here> please"),
			arrived: "look here <https://x.test/a> please",
		},
		{name: "emoji written in another way", sent: "done :tada: thanks", arrived: "done 🎉 thanks"},
		{name: "nothing but emoji", sent: "👍", arrived: ":thumbsup:"},
		{name: "invisible characters", sent: "a\u2060b \u200bc", arrived: "ab c"},
		{name: "without what it quotes", sent: checker.WrittenText(quoted, ""), arrived: "Yes, both."},
		{name: "below what it quotes", sent: checker.WrittenText("> Both mugs?\n\nYes, both.", ""), arrived: "Yes, both."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := matchText(tt.sent, tt.arrived)
			if m.Found == 0 {
				t.Error("it is not recognised")
			}
			if !m.Whole {
				t.Error("it is not recognised word for word")
			}
		})
	}
}

// A message is recognised if words are added to it, or if its end is missing.
func TestMatchPart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		sent    string
		arrived string
	}{
		{name: "a word between", sent: "one two three", arrived: "one (strange) two three"},
		{name: "more in its line", sent: "one two three", arrived: "one two three four"},
		{name: "a long tail that was cut", sent: strings.Repeat("word ", 30) + "and my signature", arrived: strings.Repeat("word ", 30)},
		{
			name:    "around a quotation",
			sent:    checker.SlackText("On Monday you wrote:\n&gt; Where is it? I have been waiting for weeks.\nIt comes today."),
			arrived: "On Monday you wrote:\n\n> Where is it? I have been waiting for weeks.\n\nIt comes today.",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := matchText(tt.sent, tt.arrived)
			if m.Found == 0 {
				t.Error("it is not recognised")
			}
			if m.Whole {
				t.Error("it is recognised word for word, want in part")
			}
		})
	}
}

// Another text is not recognised as the message.
func TestMatchNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		sent    string
		arrived string
	}{
		{name: "another text", sent: "one two three", arrived: "one two four"},
		{name: "only a part", sent: "one two three", arrived: "one two"},
		{name: "other order", sent: "one two three", arrived: "two one three"},
		{name: "not at the start", sent: "one two", arrived: "he wrote to us that one two"},
		{name: "text for emoji", sent: "👍", arrived: "one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := matchText(tt.sent, tt.arrived)
			if m.Found != 0 {
				t.Errorf("%d words are recognised, want none", m.Found)
			}
			if m.Whole {
				t.Error("it is recognised word for word")
			}
		})
	}
}

// The text of a mail that has only HTML is the HTML without its tags.
func TestWrittenTextOfHTML(t *testing.T) {
	t.Parallel()
	got := checker.WordsOf(checker.WrittenText("", "<p>Hello <b>there</b></p>"))
	if want := []string{"hello", "there"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The text of a Slack message is the message without what it quotes.
func TestSlackTextWithoutQuotation(t *testing.T) {
	t.Parallel()
	got := checker.WordsOf(checker.SlackText("new\n&gt; old <https://x.test>\nmore"))
	if want := []string{"new", "more"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A name that was cut short, such as "Ada Byr…", counts as the full one if something of it is left.
func TestIsSameName(t *testing.T) {
	t.Parallel()
	const full = "Ada Byron King"
	for _, tt := range []struct {
		name  string
		shown string
		want  bool
	}{
		{name: "in full", shown: full, want: true},
		{name: "cut short", shown: "Ada Byr…", want: true},
		{name: "a part that is not cut", shown: "Ada", want: false},
		{name: "nothing is left", shown: "…", want: false},
		{name: "another name", shown: "Bob…", want: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := checker.IsSameName(checker.NameKey(full), checker.NameKey(tt.shown)); got != tt.want {
				t.Errorf("%q is %s: got %t, want %t", tt.shown, full, got, tt.want)
			}
		})
	}
}

func FuzzWording(f *testing.F) {
	for _, seed := range []string{
		"Hello <@U1> <https://x.test|y> :tada:", "> quoted", "On a wrote:\n", "-- \n", "\u2060*\u2060", "😀", "a&amp;b", "<",
		"\xff", "a\n👍\nb",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := checker.WordingOf(checker.SlackText(text))
		message := w.MessageWords()
		hasOnlyWords := len(w.Words) > 0 && len(message) == len(w.Words)
		if hasOnlyWords && !w.Match(message, 0).Whole {
			t.Errorf("%q is not recognised in itself: %q", text, w.Words)
		}
		if own := checker.WrittenText(text, ""); len(own) > len(text) {
			t.Errorf("%q grew to %q", text, own)
		}
	})
}
