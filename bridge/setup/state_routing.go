package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/routing"
	"parley/store"
)

// workAttributes describes how an agent takes part in routing.
func workAttributes(w routing.Work) []Attribute {
	capacity, takes := "", ""
	if w.Capacity != 0 {
		capacity = fmt.Sprint(w.Capacity)
	}
	if w.Manual {
		takes = "false"
	}
	return []Attribute{
		{Name: "capacity", Value: capacity, Empty: "(no limit)"},
		{Name: "takes", Value: takes, Empty: "true"},
		{Name: "skills", Value: joinSorted(w.Skills)},
		{Name: "brands", Value: joinSorted(w.Brands)},
		{Name: "hours", Value: hoursWords(w.Hours), Empty: "(always on duty)"},
	}
}

// planAttributes describes the rules of an account, such as "team Billing when intent invoice, least_load".
func planAttributes(p routing.Plan) []Attribute {
	var rules []string
	for _, r := range p.Rules {
		words := string(r.By)
		for _, word := range []string{r.Field, r.Skill, r.Team} {
			if word != "" {
				words += " " + word
			}
		}
		separator := " when "
		for _, c := range r.When.List() {
			words += separator + c.Name + " " + c.Value
			separator = " and "
		}
		rules = append(rules, words)
	}
	return []Attribute{
		{Name: "rules", Value: strings.Join(rules, ", ")},
		{Name: "fallback", Value: p.Fallback, Empty: "queue"},
		{Name: "auto_reply", Value: repliesWords(p.Replies)},
	}
}

// repliesWords describes what an account answers by itself, such as "closed We open {{opens}}., closed de Wir öffnen {{opens}}.".
func repliesWords(r routing.Replies) string {
	var words []string
	add := func(on string, t routing.Text) {
		if t.Text != "" {
			words = append(words, on+" "+t.Text)
		}
		for _, code := range slices.Sorted(maps.Keys(t.Languages)) {
			words = append(words, on+" "+code+" "+t.Languages[code])
		}
	}
	add("first", r.First)
	add("closed", r.Closed)
	add("always", r.Always)
	for _, d := range r.Dates {
		add(d.From+" to "+d.To, d.Text)
	}
	return strings.Join(words, ", ")
}

// CannedAttributes describes the canned reply of a keyword, or returns nil if there is none.
func CannedAttributes(list []store.Canned, keyword string) []Attribute {
	i := store.FindCanned(list, keyword)
	if i < 0 {
		return nil
	}
	return []Attribute{{Name: "keyword", Value: list[i].Keyword}, {Name: "topic", Value: list[i].Topic}, {Name: "text", Value: list[i].Text}}
}

// Automation finds an automation by its name, or returns nil if there is none.
func (s *State) Automation(name string) *routing.Automation {
	return find(s.Automations, func(a routing.Automation) bool { return strings.EqualFold(a.Name, name) })
}

// AutomationAttributes describes an automation.
func AutomationAttributes(a routing.Automation) []Attribute {
	return []Attribute{{Name: "does", Value: a.Sentence()}}
}
