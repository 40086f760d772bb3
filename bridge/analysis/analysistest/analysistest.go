// Package analysistest measures an Analyzer by messages whose right answers are known. Nothing was tuned on the messages of
// set.jsonl: whoever reads them and then changes a rule or an example has used them up.
package analysistest

import (
	"bytes"
	_ "embed" // the set
	"encoding/json"
	"slices"
	"testing"

	"parley/bridge/analysis"
)

//go:embed set.jsonl
var set []byte

// Message is what a customer wrote in one go, with its labels.
type Message struct {
	Language  string             `json:"language"` // "" for a language that needn't be known
	Subject   string             `json:"subject"`
	Text      string             `json:"text"`
	Texts     []string           `json:"texts"` // in place of Text, if there were several
	Sentiment analysis.Sentiment `json:"sentiment"`
	Urgent    bool               `json:"urgent"`
	Intents   []string           `json:"intents"` // the main one first
}

// Set returns the messages that nothing was tuned on.
func Set(t testing.TB) []Message { return Read(t, set) }

// Read reads messages, a JSON object a line.
func Read(t testing.TB, lines []byte) (all []Message) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(lines)); d.More(); {
		var m Message
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		if m.Text != "" {
			m.Texts = []string{m.Text}
		}
		all = append(all, m)
	}
	return all
}

// Question is the question about a message.
func (m Message) Question(desk analysis.Desk) analysis.Question {
	q := analysis.Question{Desk: desk}
	for _, text := range m.Texts {
		q.Burst = append(q.Burst, analysis.Message{Text: text})
	}
	q.Burst[0].Subject = m.Subject
	return q
}

// Figures say how good the answers to messages are, each from 0 to 1.
type Figures struct {
	Language  float64 // share of right ones
	Sentiment float64 // macro-F1: the mean of the five sentiments' F1
	Urgency   float64 // F1
	Intents   float64 // macro-F1
}

// Measure asks an Analyzer about messages.
func Measure(t testing.TB, a analysis.Analyzer, messages []Message) Figures {
	t.Helper()
	right := 0
	sentiments, urgent, intents := newTally(), newTally(), newTally()
	for _, m := range messages {
		got, err := a.Analyze(t.Context(), m.Question(analysis.Desk{}))
		if err != nil {
			t.Fatal(err)
		}
		if got.Language == m.Language {
			right++
		}
		sentiments.add([]string{string(m.Sentiment)}, []string{string(got.Sentiment)})
		intents.add(m.Intents, got.Intents)
		urgent.add(urgency(m.Urgent), urgency(got.Urgency.Urgent))
	}
	return Figures{float64(right) / float64(len(messages)), sentiments.macroF1(), urgent.macroF1(), intents.macroF1()}
}

func urgency(is bool) []string {
	if is {
		return []string{"urgent"}
	}
	return nil
}

// tally counts, by label, how often it was wanted, given, and both.
type tally struct{ wanted, given, both map[string]float64 }

func newTally() tally { return tally{map[string]float64{}, map[string]float64{}, map[string]float64{}} }

func (y tally) add(want, got []string) {
	for _, w := range want {
		y.wanted[w]++
	}
	for _, g := range got {
		y.given[g]++
		if slices.Contains(want, g) {
			y.both[g]++
		}
	}
}

// macroF1 returns the mean of the labels' F1.
func (y tally) macroF1() float64 {
	sum := 0.0
	for label := range y.wanted {
		sum += 2 * y.both[label] / (y.wanted[label] + y.given[label])
	}
	return sum / float64(len(y.wanted))
}
