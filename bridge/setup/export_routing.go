package setup

import (
	"fmt"
	"maps"
	"slices"

	"parley/routing"
)

// writeWork writes how an agent takes part in routing.
func writeWork(entry *Mapping, w routing.Work) {
	if w.Capacity != 0 {
		entry.Put("capacity", Plain(fmt.Sprint(w.Capacity)))
	}
	if w.Manual {
		entry.Put("takes", Plain("false"))
	}
	entry.AddList("skills", w.Skills)
	entry.AddList("brands", w.Brands)
	writeBusinessHours(entry, w.Hours)
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

// writeReplies writes what an account answers by itself.
func writeReplies(entry *Mapping, r routing.Replies) {
	write := func(to *Mapping, t routing.Text) {
		to.AddText("text", t.Text)
		for _, code := range slices.Sorted(maps.Keys(t.Languages)) {
			to.Child("languages").AddText(code, t.Languages[code])
		}
	}
	for _, one := range []struct {
		key  string
		text routing.Text
	}{{"first", r.First}, {"closed", r.Closed}, {"always", r.Always}} {
		if one.text.Text != "" {
			write(entry.Child("auto_reply").Child(one.key), one.text)
		}
	}
	var dates []*Mapping
	for _, d := range r.Dates {
		date := &Mapping{}
		date.AddText("from", d.From)
		date.AddText("to", d.To)
		write(date, d.Text)
		dates = append(dates, date)
	}
	if len(dates) > 0 {
		entry.Child("auto_reply").Put("dates", dates)
	}
}

// Automation returns the entry of an automation.
func Automation(a routing.Automation) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", a.Name)
	entry.Child("when").AddText(a.When.Name, a.When.Value)
	for _, c := range a.If.List() {
		entry.Child("if").AddText(c.Name, c.Value)
	}
	var acts []*Mapping
	for _, p := range a.Then {
		act := &Mapping{}
		act.AddText(p.Name, p.Value)
		acts = append(acts, act)
	}
	entry.Put("then", acts)
	return entry
}
