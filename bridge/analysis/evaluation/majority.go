package evaluation

import (
	"context"
	"maps"
	"slices"

	"parley/bridge/analysis"
)

type majority struct{ answer analysis.Answer }

// Majority returns an analyzer that ignores the question and always answers with the most frequent labels of a set, such
// as "English, neutral, not urgent". It is a baseline: a real analyzer should be better.
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

	answer := analysis.Answer{
		Language:  mostFrequent(languages),
		Sentiment: analysis.Sentiment(mostFrequent(sentiments)),
		Urgency:   analysis.Urgency{Urgent: urgent*2 > len(messages)},
		By:        "majority",
	}
	if name := mostFrequent(intents); name != "" {
		answer.Intents = []string{name}
	}

	return majority{answer: answer}
}

// Analyze implements analysis.Analyzer.
func (m majority) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return m.answer, nil
}

// mostFrequent returns the key with the highest count. If several keys have that count, it returns the alphabetically
// first one. Without counts it returns "".
func mostFrequent(counts map[string]int) string {
	most, highest := "", 0
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		if counts[key] > highest {
			most, highest = key, counts[key]
		}
	}
	return most
}
