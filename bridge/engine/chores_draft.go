package engine

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
	"parley/store"
)

// This file takes the text to translate from what a customer wrote.

// customerWords returns what a customer wrote from event ask.From to event ask.UpTo, or the customer's last
// message if the request names no events.
func customerWords(rows []store.Message, ask Ask) string {
	var texts []string
	for i := range slices.Backward(rows) {
		m := &rows[i]
		if m.Direction != store.DirectionIn || m.IsDeleted() || strings.TrimSpace(m.CurrentText()) == "" {
			continue
		}
		if ask.UpTo == 0 {
			return cutDraft(m.CurrentText())
		}

		isLast := m.EventID == ask.UpTo
		isBeforeLast := ask.From <= m.EventID && m.EventID < ask.UpTo
		if isLast || isBeforeLast {
			texts = append(texts, m.CurrentText())
		}
	}

	slices.Reverse(texts)
	return cutDraft(strings.Join(texts, "\n\n"))
}

// cutDraft shortens a text to analysis.MostDraft characters, the last of which is an ellipsis. It doesn't cut within personal
// data that a Writer may have to mask: what is left of a card number isn't recognised as one.
func cutDraft(text string) string {
	short := Shorten(text, analysis.MostDraft)
	if short == text {
		return text
	}

	const maxValue = 400 // characters; no address or number is longer
	end := len(FirstRunes(text, analysis.MostDraft-1))
	for _, f := range analysis.Find(FirstRunes(text, analysis.MostDraft+maxValue)) {
		if f.From < end && end < f.To {
			return text[:f.From] + "…"
		}
	}
	return short
}
