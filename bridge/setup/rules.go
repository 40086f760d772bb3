package setup

import (
	"fmt"
	"slices"
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

// RuleFields describes the values of a rule that gives conversations to agents; prefix is that of their paths.
func RuleFields(prefix string) []Field {
	ways := map[string]string{}
	for _, by := range routing.Ways() {
		ways[by] = routing.By(by).Words()
	}
	languages := map[string]string{}
	var codes []string
	for _, l := range analysis.Languages() {
		codes, languages[l.Code] = append(codes, l.Code), l.Name
	}

	list := []Field{
		{Path: "by", Label: "Who gets it", Input: InputChoice, Choices: routing.Ways(), Words: ways},
		{Path: "skill", Label: "Which skill", Help: "For *the least busy with a skill*, as agents have it on their pages.", Input: InputLine},
		{Path: "field", Label: "Which field of the customer", Input: InputLine,
			Help: "For *whom a field of the customer names*: a column of theirs."},
		{Path: "team", Label: "Which team", Help: "For *another team*, whose people then get it by the rules below.", Input: InputLine},

		{Path: "when.language", Label: "The language is", Input: InputChoice, Choices: codes, Words: languages},
		{Path: "when.intent", Label: "The customer wants", Help: "As the page AI lists what customers may want: `refund`.", Input: InputLine},
		{Path: "when.mood", Label: "The mood is", Input: InputChoice, Choices: analysis.SentimentNames()},
		{Path: "when.tag", Label: "The tag is", Input: InputLine},
		{Path: "when.text", Label: "Subject or messages say", Help: "In small or capital letters.", Input: InputLine},
		{
			Path: "when.hours", Label: "Business hours", Input: InputChoice, Choices: []string{routing.HoursOpen, routing.HoursClosed},
			Help: "Whether the account is open when it is decided.",
		},
		{Path: "when.channel", Label: "The channel is", Input: InputLine},
	}
	for i := range list {
		list[i].Path = prefix + list[i].Path
	}
	return list
}

// readRules reads the rules of an account:
//
//	rules:
//	  - {by: team, team: Billing, when: {intent: invoice}}
//	  - {by: skill, skill: german, when: {language: de}}
//	  - {by: least_load}
//
// Teams that they name are checked later.
func (o *overlay) readRules(account *Group, to *[]routing.Rule) {
	entries, ok := account.Groups("rules", account.Label("rules"))
	if ok {
		*to = nil
	}
	for _, e := range entries {
		var r routing.Rule
		r.By = routing.By(e.readName("by", "Write "+JoinAlternatives(routing.Ways())+"."))
		if r.By != "" && !slices.Contains(routing.Ways(), string(r.By)) {
			e.Fault(e.At, "by", fmt.Sprintf("%q is not possible", r.By), "Write "+JoinAlternatives(routing.Ways())+".")
		}

		// Each of these keys belongs to the way of the same name.
		for _, word := range []struct {
			by   routing.By
			hint string
			to   *string
		}{
			{routing.ByField, "Name the field of the customer's record that names an agent.", &r.Field},
			{routing.BySkill, "Name the skill as the agents have it.", &r.Skill},
			{routing.ByTeam, "Name the team.", &r.Team},
		} {
			if r.By == word.by {
				*word.to = e.readName(string(word.by), word.hint)
			}
		}

		if when := e.Group("when"); when != nil {
			when.readConditions(&r.When)
		}
		e.Done()
		*to = append(*to, r)
		o.later = append(o.later, func() {
			if r.By == routing.ByTeam && o.Team(r.Team) == nil {
				o.fault(account, e.At, "rules", fmt.Sprintf("there is no team %q", r.Team), o.teamsHint())
			}
		})
	}
}

// readConditions reads the conditions of a rule.
func (g *Group) readConditions(w *routing.When) {
	read := func(name string, to *string, allowed ...string) {
		if t := setText(g, name, to); t != nil && len(allowed) > 0 {
			g.checkOneOf(*t, name, allowed...)
		}
	}

	read("channel", &w.Channel)
	read("language", &w.Language)
	read("tag", &w.Tag)
	read("text", &w.Text)
	read("mood", &w.Mood, analysis.SentimentNames()...)
	read("intent", &w.Intent)
	read("hours", &w.Hours, routing.HoursOpen, routing.HoursClosed)
	g.Done()
}

// writePlan writes by which rules an account's conversations are given to agents.
func writePlan(entry *Mapping, p routing.Plan) {
	var rules []*Mapping
	for _, r := range p.Rules {
		rule := &Mapping{}
		rule.AddText("by", string(r.By))
		rule.AddText("field", r.Field)
		rule.AddText("skill", r.Skill)
		rule.AddText("team", r.Team)
		for _, c := range r.When.List() {
			rule.Child("when").AddText(c.Name, c.Value)
		}
		rules = append(rules, rule)
	}
	if len(rules) > 0 {
		entry.Put("rules", rules)
	}
	entry.AddText("fallback", p.Fallback)
	writeReplies(entry, p.Replies)
}
