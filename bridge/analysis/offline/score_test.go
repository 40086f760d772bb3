package offline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

var (
	set    = flag.String("set", "", "a file of labelled messages, one JSON object a line, to be scored")
	misses = flag.String("misses", "", "what of it to show where it is wrong: language, sentiment, urgent, intents, references")
)

// labelled is a customer's message with what a reader found in it.
type labelled struct {
	ID, Subject, Text, Language, Sentiment, Because string
	Urgent                                          bool
	Texts                                           []string // where a burst has several messages
	Intents                                         []string
	References                                      []struct{ Kind, Value string }
}

func readSet(t testing.TB, file string) []labelled {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []labelled
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var l labelled
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// tally counts hits of one class.
type tally struct{ right, found, wanted float64 }

func (t tally) f1() float64 {
	if t.found+t.wanted == 0 {
		return 1
	}
	return 2 * t.right / (t.found + t.wanted)
}

// figures are the measures of a set.
type figures struct{ language, sentiment, urgency, intents, mainIntent, references float64 }

func score(t testing.TB, a *Analyzer, all []labelled, show string) figures {
	t.Helper()
	moods, wants := map[string]*tally{}, map[string]*tally{}
	var urgency, refs, tongue, main tally
	miss := func(what string, l labelled, got any, want any) {
		if show == what || show == "all" {
			fmt.Printf("%s %s: got %v, want %v: %q %q\n", what, l.ID, got, want, l.Subject, l.Text)
		}
	}
	for _, l := range all {
		q := analysis.Question{Burst: []analysis.Message{{Subject: l.Subject, Text: l.Text}}}
		for i, text := range l.Texts {
			if i == 0 {
				q.Burst = nil
			}
			q.Burst = append(q.Burst, analysis.Message{Text: text})
		}
		got, err := a.Analyze(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		tongue.wanted++
		if got.Language == l.Language {
			tongue.right++
		} else {
			miss("language", l, got.Language, l.Language)
		}
		count(moods, []string{string(got.Sentiment)}, []string{l.Sentiment})
		if string(got.Sentiment) != l.Sentiment {
			miss("sentiment", l, got.Sentiment, l.Sentiment)
		}
		urgency.add(got.Urgency.Urgent, l.Urgent)
		if got.Urgency.Urgent != l.Urgent {
			miss("urgent", l, got.Urgency, l.Because)
		}
		count(wants, got.Intents, l.Intents)
		main.wanted++
		if len(l.Intents) == 0 && len(got.Intents) == 0 || len(l.Intents) > 0 && len(got.Intents) > 0 && l.Intents[0] == got.Intents[0] {
			main.right++
		}
		if strings.Join(got.Intents, ",") != strings.Join(l.Intents, ",") {
			miss("intents", l, got.Intents, l.Intents)
		}
		var g, w []string
		for _, r := range got.References {
			g = append(g, r.Kind+" "+r.Value)
		}
		for _, r := range l.References {
			w = append(w, r.Kind+" "+r.Value)
		}
		sort.Strings(g)
		sort.Strings(w)
		for _, r := range g {
			refs.found++
			if slices.Contains(w, r) {
				refs.right++
			}
		}
		refs.wanted += float64(len(w))
		if !slices.Equal(g, w) {
			miss("references", l, g, w)
		}
	}
	return figures{tongue.right / tongue.wanted, macro(moods), urgency.f1(), macro(wants), main.right / main.wanted, refs.f1()}
}

func (t *tally) add(got, want bool) {
	if got {
		t.found++
	}
	if want {
		t.wanted++
	}
	if got && want {
		t.right++
	}
}

func count(all map[string]*tally, got, want []string) {
	for _, name := range slices.Concat(got, want) {
		if all[name] == nil {
			all[name] = &tally{}
		}
	}
	for name, t := range all {
		t.add(slices.Contains(got, name), slices.Contains(want, name))
	}
}

func macro(all map[string]*tally) float64 {
	sum := 0.0
	for name, t := range all {
		if testing.Verbose() {
			fmt.Printf("  %-14s F1 %.2f, precision %.2f, recall %.2f of %.0f\n", name, t.f1(), t.right/max(1, t.found), t.right/max(1, t.wanted), t.wanted)
		}
		sum += t.f1()
	}
	return sum / float64(len(all))
}

// TestScore scores a file that -set names.
func TestScore(t *testing.T) {
	if *set == "" {
		t.Skip("no -set")
	}
	fmt.Printf("%+v\n", score(t, New(), readSet(t, *set), *misses))
}
