package offline

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
)

// readCustomers reads our own texts, which have a shorter form.
func readCustomers(t testing.TB) []evaluation.Message {
	t.Helper()
	content, err := os.ReadFile("testdata/customers.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []evaluation.Message
	for i, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.SplitN(line, "|", 6)
		if len(part) != 6 {
			t.Fatalf("line %d: %q", i+1, line)
		}
		l := evaluation.Message{ID: fmt.Sprint(i + 1), Language: part[0], Sentiment: analysis.Sentiment(part[1]), Urgent: part[2] != "-", Texts: []string{part[5]}}
		if l.Urgent {
			l.Because = part[2]
		}
		if part[3] != "" {
			l.Intents = strings.Split(part[3], ",")
		}
		if kind, value, found := strings.Cut(part[4], " "); found {
			l.References = append(l.References, evaluation.Reference{Kind: kind, Value: value})
		}
		all = append(all, l)
	}
	return all
}

// TestCustomers holds the figures on our own texts.
func TestCustomers(t *testing.T) {
	all := readCustomers(t)
	out, err := evaluation.Run(t.Context(), New(), all, evaluation.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	report := evaluation.Score(out, evaluation.Price{})
	got := report.Figures()
	t.Logf("%d texts: %+v, main intent %v", len(all), got, report.MainIntent)
	enough := got.Language >= 0.97 && got.Sentiment >= 0.95 && got.Urgency >= 0.95 && got.Intents >= 0.9 && report.MainIntent >= 0.9 && got.References >= 0.98
	if !enough { // a figure of nothing is no number, and not enough either
		t.Errorf("got %+v, main intent %v", got, report.MainIntent)
	}
}

// TestUnseen holds the figures of docs/ai.md, and tells nothing of the messages but which field got worse.
func TestUnseen(t *testing.T) {
	unseen, err := evaluation.Ours(evaluation.Unseen)
	if err != nil {
		t.Fatal(err)
	}
	out, err := evaluation.Run(t.Context(), New(), unseen, evaluation.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	got := evaluation.Score(out, evaluation.Price{}).Figures()
	for field, enough := range map[string]bool{
		"language": got.Language >= 0.97, "sentiment": got.Sentiment >= 0.81, "urgency": got.Urgency >= 0.7,
		"intents": got.Intents >= 0.73, "references": got.References >= 0.9,
	} {
		if !enough {
			t.Errorf("%s is below what it was", field)
		}
	}
}
