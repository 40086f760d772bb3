package setup

import (
	"fmt"
	"strings"

	"parley/bridge/analysis"
	"parley/routing"
)

// Paths of an account's values that say who gets its conversations. Those of its first rule are "rules.0.by", "rules.0.when.language"
// and so on.
const (
	RulesPath     = "rules"
	FallbackPath  = "fallback"
	AddressesPath = "addresses" // its further addresses; the first one's are "addresses.0.address", "addresses.0.name" and so on
	PeoplePath    = "people"    // who works on it; the first person's are "people.0.agent", "people.0.handles" and so on
)

// RuleFields describes the values of an account's rule, whose index is n.
func RuleFields(n int) []Field { return InputRuleFields(fmt.Sprintf("%s.%d.", RulesPath, n)) }

// Rules returns a sentence for each rule of an account: "If the language is German, the least busy with the skill german".
func (e Entry) Rules() (sentences []string) {
	for n := 0; ; n++ {
		get := func(key string) string { return e.Value(fmt.Sprintf("%s.%d.%s", RulesPath, n, key)) }
		rule := routing.Rule{
			By: routing.By(get("by")), Field: get("field"), Skill: get("skill"), Team: get("team"),
			When: routing.When{
				Channel: get("when.channel"), Tag: get("when.tag"), Text: get("when.text"), Mood: get("when.mood"), Intent: get("when.intent"),
				Hours: get("when.hours"),
			},
		}
		if rule.By == "" {
			return sentences
		}
		if language := get("when.language"); language != "" {
			rule.When.Language = analysis.LanguageName(strings.ToLower(language))
		}
		sentences = append(sentences, rule.Sentence())
	}
}
