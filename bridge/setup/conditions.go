package setup

import (
	"fmt"
	"slices"

	"parley/bridge/analysis"
	"parley/routing"
)

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
