package setup

import (
	"strings"

	"parley/bridge/analysis"
)

// Paths of an account's values that say who gets its conversations. Those of its first rule are "rules.0.by", "rules.0.when.language"
// and so on.
const (
	RulesPath     = "rules"
	FallbackPath  = "fallback"
	AddressesPath = "addresses" // its further addresses; the first one's are "addresses.0.address", "addresses.0.name" and so on
	PeoplePath    = "people"    // who works on it; the first person's are "people.0.agent", "people.0.handles" and so on
)

// Rules returns a sentence for each rule of an account: "If the language is German, the least busy with the skill german".
func (e Entry) Rules() (sentences []string) {
	for _, rule := range e.rules {
		if language := rule.When.Language; language != "" {
			rule.When.Language = analysis.LanguageName(strings.ToLower(language))
		}
		sentences = append(sentences, rule.Sentence())
	}
	return sentences
}
