package setup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bridge/analysis"
	"parley/routing"
	"parley/routing/hours"
)

// Work is how an agent takes part in routing, as far as the entry says so.
type Work struct {
	Capacity *int
	Takes    *bool
	Skills   *List
	Brands   *List
	Hours    *hours.Plan
}

// RoutingRule is a rule of an account. It gives conversations that nobody has to an agent or a team.
type RoutingRule struct {
	At Position
	routing.Rule
}

const maxCapacity = 1000

// readWork reads how an agent takes part in routing.
func (o *object) readWork() Work {
	w := Work{
		Takes:  o.readYesNo("takes"),
		Skills: o.List("skills"),
		Brands: o.List("brands"),
		Hours:  o.readHours("hours"),
	}
	if t := o.Text("capacity"); t != nil {
		n, err := strconv.Atoi(t.Value)
		if t.Value != "" && (err != nil || n < 0 || n > maxCapacity) {
			o.Fault(t.At, "capacity", fmt.Sprintf("%q isn't a number of conversations", t.Raw), "Write something from 1 to 1000; 0 means no limit.")
		}
		w.Capacity = &n
	}
	return w
}

// readRules reads the rules of an account:
//
//	rules:
//	  - {by: team, team: Billing, when: {intent: invoice}}
//	  - {by: skill, skill: german, when: {language: de}}
//	  - {by: least_load}
//
// ok is false if the key is missing.
func (o *object) readRules() (rules []RoutingRule, ok bool) {
	entries, ok := o.readObjects("rules", o.Label("rules"))
	for _, e := range entries {
		r := RoutingRule{At: e.At}
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

		if when := e.group("when"); when != nil {
			when.readConditions(&r.When)
		}
		e.Done()
		rules = append(rules, r)
	}
	return rules, ok
}

// readConditions reads the conditions of a rule.
func (o *object) readConditions(w *routing.When) {
	read := func(name string, to *string, allowed ...string) {
		t := o.Text(name)
		if t == nil {
			return
		}
		if *to = strings.TrimSpace(t.Value); len(allowed) > 0 {
			o.checkOneOf(*t, name, allowed...)
		}
	}

	read("channel", &w.Channel)
	read("language", &w.Language)
	read("tag", &w.Tag)
	read("text", &w.Text)
	read("mood", &w.Mood, analysis.SentimentNames()...)
	read("intent", &w.Intent)
	read("hours", &w.Hours, routing.HoursOpen, routing.HoursClosed)
	o.Done()
}
