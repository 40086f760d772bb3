package evaluation

import (
	"context"
	"slices"

	"parley/bridge/analysis"
)

// majority answers the same to everything: what most messages of a set were labelled with.
type majority struct{ answer analysis.Answer }

// Majority makes the analyzer that reads nothing and always gives a set's most frequent labels. What an
// analyzer is better than this one is what it understood.
func Majority(messages []Message) analysis.Analyzer {
	languages, sentiments := map[string]int{}, map[string]int{}
	intents := map[string]int{}
	urgent := 0
	for _, m := range messages {
		languages[m.Language]++
		sentiments[string(m.Sentiment)]++
		for _, name := range m.Intents {
			intents[name]++
		}

		if m.Urgent {
			urgent++
		}
	}

	answer := analysis.Answer{Language: mostFrequent(languages), Sentiment: analysis.Sentiment(mostFrequent(sentiments)), By: "majority"}
	answer.Urgency.Urgent = urgent*2 > len(messages)
	if name := mostFrequent(intents); name != "" {
		answer.Intents = []string{name}
	}

	return majority{answer: answer}
}

// Analyze implements analysis.Analyzer.
func (m majority) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return m.answer, nil
}

// mostFrequent returns the key that was counted most; of several, the first in the alphabet.
func mostFrequent(counts map[string]int) (most string) {
	var keys []string
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	best := 0
	for _, k := range keys {
		if counts[k] > best {
			best, most = counts[k], k
		}
	}
	return most
}
