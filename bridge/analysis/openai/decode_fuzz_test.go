package openai

import (
	"slices"
	"testing"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// Whatever a model says, an answer that counts as valid uses only names that the desk has, and is short. An error, which
// the model is shown, is short, too.
func FuzzDecode(f *testing.F) {
	const (
		maxErrorBytes  = 1200
		maxReasonRunes = 300
	)
	good := openaifake.FormatAnswer(goodAnswer())
	for _, s := range []string{
		good,
		"```json\n" + good + "\n```",
		"</think>" + good,
		`{"urgent":1}` + good,
		good[:50],
		"{{{{",
		`{"a":{"a":{"a":`,
		"\x00{}",
	} {
		f.Add(s)
	}

	q := cut(question())
	names := choicesOf(q)
	f.Fuzz(func(t *testing.T, content string) {
		got, err := decode(content, q)
		if err != nil {
			if n := len(err.Error()); n > maxErrorBytes {
				t.Fatalf("got an error of %d bytes, want at most %d: %v", n, maxErrorBytes, err)
			}
			return
		}

		for _, tag := range got.Tags {
			if !slices.Contains(names.tags, tag) {
				t.Errorf("got the tag %q, which the desk doesn't have", tag)
			}
		}
		if !slices.Contains(analysis.SentimentNames(), got.Sentiment) {
			t.Errorf("got the sentiment %q, want one of %q", got.Sentiment, analysis.SentimentNames())
		}
		if n := utf8.RuneCountInString(got.Because); n > maxReasonRunes {
			t.Errorf("got a reason of %d characters, want at most %d", n, maxReasonRunes)
		}
		if n := len(got.Replies); n > maxListed {
			t.Errorf("got %d replies, want at most %d", n, maxListed)
		}
	})
}
