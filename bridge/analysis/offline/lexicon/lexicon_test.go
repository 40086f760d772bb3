package lexicon

import (
	"slices"
	"strings"
	"testing"
)

// There is a lexicon for each of our languages.
func TestLanguagesOfLexicons(t *testing.T) {
	t.Parallel()
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range all.Ours {
		got = append(got, l.Language)
	}
	slices.Sort(got)
	if want := []string{"de", "en", "es", "fr", "it", "nl", "pl", "pt"}; !slices.Equal(got, want) {
		t.Errorf("got lexicons of %v, want of %v", got, want)
	}
}

// No lexicon is nearly empty: that would mean that a file was cut, or that a heading is lost.
func TestLexiconsAreComplete(t *testing.T) {
	t.Parallel()
	const minFunctionWords, minWords, minNumbers = 80, 300, 8
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all.Ours {
		if n := len(l.Function); n < minFunctionWords {
			t.Errorf("%s: got %d function words, want at least %d", l.Language, n, minFunctionWords)
		}
		if n := len(l.Exact); n < minWords {
			t.Errorf("%s: got %d words, want at least %d", l.Language, n, minWords)
		}
		if n := len(l.Numbers); n < minNumbers {
			t.Errorf("%s: got %d numbers, want at least %d", l.Language, n, minNumbers)
		}
	}
}

// knownHeadings are the headings that the analysis reads, by family.
func knownHeadings() map[Family][]string {
	return map[Family][]string{
		OfMood:     {"positive", "negative", "frustrated", "thanks", "fault", "irony", "polite"},
		OfModifier: {"not", "very", "slightly", "but", "staff"},
		OfUrgency:  {"urgent", "soon", "stake", "calm", "over"},
		OfIntent: {
			"product", "quote", "order_status", "order_change", "return", "billing", "problem",
			"account", "cancel", "appointment", "complaint", "feedback", "thanks",
		},
		OfAnnounce: {"order", "quote", "invoice", "shipment", "ticket", "other", "filler"},
		OfDate:     {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "back"},
	}
}

// Each phrase is under a heading that the analysis knows. The analysis would never read one under a misspelt heading.
func TestLexiconsHaveKnownHeadings(t *testing.T) {
	t.Parallel()
	known := knownHeadings()
	for _, l := range allLexicons(t) {
		eachPhrase(l, func(first string, p Phrase) {
			if !slices.Contains(known[p.Section.Family], p.Section.Name) {
				t.Errorf("%s: %q stands below the unknown heading %q", l.Language, first, p.Section.Name)
			}
		})
	}
}

// contradiction is two headings that can't both be meant by one phrase.
type contradiction struct {
	a, b string
}

// No phrase stands under two headings that contradict each other.
func TestLexiconsDontContradict(t *testing.T) {
	t.Parallel()
	contradictions := []contradiction{
		{"positive", "negative"},
		{"positive", "frustrated"},
		{"positive", "fault"},
		{"negative", "thanks"},
		{"negative", "polite"},
		{"thanks", "frustrated"},
		{"urgent", "calm"},
		{"urgent", "over"},
		{"calm", "soon"},
	}
	for _, l := range allLexicons(t) {
		headings := map[string][]string{} // by phrase
		eachPhrase(l, func(first string, p Phrase) {
			if p.Section.Family == OfMood || p.Section.Family == OfUrgency {
				phrase := phraseText(first, p)
				headings[phrase] = append(headings[phrase], p.Section.Name)
			}
		})
		for phrase, names := range headings {
			for _, c := range contradictions {
				if slices.Contains(names, c.a) && slices.Contains(names, c.b) {
					t.Errorf("%s: %q is both %s and %s", l.Language, phrase, c.a, c.b)
				}
			}
		}
	}
}

// No phrase stands twice under one heading.
func TestLexiconsSayThingsOnce(t *testing.T) {
	t.Parallel()
	type entry struct {
		family  Family
		heading string
		phrase  string
	}
	for _, l := range allLexicons(t) {
		counts := map[entry]int{}
		eachPhrase(l, func(first string, p Phrase) {
			counts[entry{family: p.Section.Family, heading: p.Section.Name, phrase: phraseText(first, p)}]++
		})
		for e, n := range counts {
			if n > 1 {
				t.Errorf("%s: %q stands %d times below %q, want once", l.Language, e.phrase, n, e.heading)
			}
		}
	}
}

// A line that README.md doesn't allow is an error, so that it doesn't become a phrase that never matches.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		content string
	}{
		{name: "words before a heading", content: "good"},
		{name: "heading without a name", content: "== mood"},
		{name: "heading with an unknown strength", content: "== mood positive very"},
		{name: "unknown family", content: "== feeling good\nx"},
		{name: "gap at the beginning", content: "== mood positive\n.. good"},
		{name: "gap at the end", content: "== mood positive\ngood .."},
		{name: "mark of a stem without a stem", content: "== mood positive\n*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if l, err := parse("xx", tt.content); err == nil {
				t.Errorf("parse(%q) = %+v, want an error", tt.content, l)
			}
		})
	}
}

// allLexicons returns the lexicons of our languages, the one that all languages share, and the one of other
// languages.
func allLexicons(t *testing.T) []*Lexicon {
	t.Helper()
	all, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	return append([]*Lexicon{all.Common, all.OtherLanguages}, all.Ours...)
}

// phraseText returns a phrase as its file has it: its first word and the rest.
func phraseText(first string, p Phrase) string {
	words := []string{first}
	for _, choices := range p.Rest {
		words = append(words, strings.Join(choices, "/"))
	}
	return strings.Join(words, " ")
}

// eachPhrase calls visit for every phrase, with its first word as the file has it: "deliver*", "*rechnung".
func eachPhrase(l *Lexicon, visit func(first string, p Phrase)) {
	for word, phrases := range l.Exact {
		for _, p := range phrases {
			visit(word, p)
		}
	}
	for stem, phrases := range l.Stems {
		for _, p := range phrases {
			visit(stem+"*", p)
		}
	}
	for tail, phrases := range l.Tails {
		for _, p := range phrases {
			visit("*"+tail, p)
		}
	}
}
