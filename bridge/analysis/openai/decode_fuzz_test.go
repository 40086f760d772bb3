package openai

import (
	"slices"
	"testing"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// FuzzDecode: whatever a model says, what is taken for valid uses the desk's names alone and is short.
func FuzzDecode(f *testing.F) {
	good := openaifake.Write(wise())
	for _, s := range []string{good, "```json\n" + good + "\n```", "{{{{", `{"a":{"a":{"a":`, good[:50], "</think>" + good, `{"urgent":1}` + good, "\x00{}"} {
		f.Add(s)
	}
	q := cut(question())
	n := allowedNames(q)
	f.Fuzz(func(t *testing.T, said string) {
		w, err := decode(said, q)
		if err != nil {
			if len(err.Error()) > 1200 {
				t.Fatalf("a long error: %v", err)
			}
			return
		}
		for _, tag := range w.Tags {
			if !slices.Contains(n.tags, tag) {
				t.Fatalf("tag %q", tag)
			}
		}
		if !slices.Contains(analysis.SentimentNames(), w.Sentiment) || utf8.RuneCountInString(w.Because) > 300 || len(w.Replies) > maxListed {
			t.Fatalf("%+v", w)
		}
	})
}
