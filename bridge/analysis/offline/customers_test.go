package offline

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// readCustomers reads our own texts, which have a shorter form.
func readCustomers(t testing.TB) []labelled {
	t.Helper()
	content, err := os.ReadFile("testdata/customers.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []labelled
	for i, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.SplitN(line, "|", 6)
		if len(part) != 6 {
			t.Fatalf("line %d: %q", i+1, line)
		}
		l := labelled{ID: fmt.Sprint(i + 1), Language: part[0], Sentiment: part[1], Urgent: part[2] != "-", Because: part[2], Text: part[5]}
		if part[3] != "" {
			l.Intents = strings.Split(part[3], ",")
		}
		if kind, value, found := strings.Cut(part[4], " "); found {
			l.References = append(l.References, struct{ Kind, Value string }{kind, value})
		}
		all = append(all, l)
	}
	return all
}

// TestCustomers holds the figures on our own texts.
func TestCustomers(t *testing.T) {
	all := readCustomers(t)
	got := score(t, New(), all, *misses)
	t.Logf("%d texts: %+v", len(all), got)
	least := figures{language: 0.97, sentiment: 0.75, urgency: 0.8, intents: 0.7, mainIntent: 0.7, references: 0.95}
	if got.language < least.language || got.sentiment < least.sentiment || got.urgency < least.urgency ||
		got.intents < least.intents || got.mainIntent < least.mainIntent || got.references < least.references {
		t.Errorf("got %+v, want at least %+v", got, least)
	}
}
