package evaluation

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// Limits of an analyzer's answer, and so of the labels.
const (
	maxIntents     = 2
	maxReasonRunes = 120
)

var languageCode = regexp.MustCompile(`^([a-z]{2})?$`)

// check reports the first label of a message that no analyzer could answer, or that isn't consistent with the text. For
// example, a reference that the text doesn't contain is a mistake in the set.
func (m Message) check() error {
	for i, text := range m.Texts {
		if strings.TrimSpace(text) == "" {
			return fieldFault("texts", "number %d is empty", i+1)
		}
	}

	for _, e := range m.Before {
		if e.From != fromAgent && e.From != fromCustomer {
			return fieldFault("before", "from is %q, and not %s or %s", e.From, fromAgent, fromCustomer)
		}
	}

	if !languageCode.MatchString(m.Language) {
		return fieldFault("language", `%q isn't a code of two letters, such as "en"`, m.Language)
	}
	if !slices.Contains(analysis.SentimentNames(), string(m.Sentiment)) {
		return fieldFault("sentiment", "%q is none of %s", m.Sentiment, strings.Join(analysis.SentimentNames(), ", "))
	}

	switch {
	case m.Because != "" && !m.Urgent:
		return fieldFault("because", "there is a reason, but the message isn't urgent")
	case utf8.RuneCountInString(m.Because) > maxReasonRunes:
		return fieldFault("because", "is longer than %d characters", maxReasonRunes)
	case !m.hasText(m.Because):
		return fieldFault("because", "%q isn't part of the text", m.Because)
	}

	if err := m.checkIntents(); err != nil {
		return err
	}

	return m.checkReferences()
}

func (m Message) checkIntents() error {
	if len(m.Intents) > maxIntents {
		return fieldFault("intents", "there are %d, and at most %d can be answered", len(m.Intents), maxIntents)
	}
	for i, name := range m.Intents {
		if !slices.Contains(analysis.IntentNames(), name) {
			return fieldFault("intents", "%q is none of %s", name, strings.Join(analysis.IntentNames(), ", "))
		}
		if slices.Contains(m.Intents[:i], name) {
			return fieldFault("intents", "%q is there twice", name)
		}
	}
	return nil
}

func (m Message) checkReferences() error {
	for i, r := range m.References {
		switch {
		case r.Kind == "" || r.Value == "":
			return fieldFault("references", "number %d has no kind or no value", i+1)
		case !m.hasText(r.Value):
			return fieldFault("references", "%q isn't part of the text", r.Value)
		case slices.Contains(m.References[:i], r):
			return fieldFault("references", "%q is there twice", r.Value)
		}
	}
	return nil
}
