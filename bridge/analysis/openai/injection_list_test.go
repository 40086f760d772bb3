package openai

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

// injections is the list of tries that came after those of attempts: an object a line, with the language, the place
// at which a customer's words come in, what it tries, the words, and what a model that obeys would reply.
//
//go:embed testdata/injections.jsonl
var injections string

// listed reads the list.
func listed(t *testing.T) (all []attempt) {
	t.Helper()
	for line := range strings.Lines(injections) {
		var x struct{ Language, Place, Tries, Text, Obeyed string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if x.Language == "" || x.Place == "" || x.Tries == "" || x.Text == "" || x.Obeyed == "" {
			t.Errorf("something is missing: %s", line)
		}
		all = append(all, attempt{x.Language, x.Place, x.Text, x.Obeyed})
	}
	return all
}
