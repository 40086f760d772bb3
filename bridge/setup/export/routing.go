package export

import (
	"fmt"

	"parley/bridge/setup/document"
	"parley/routing"
)

// writeWork writes how an agent takes part in routing.
func writeWork(entry *document.Mapping, w routing.Work) {
	if w.Capacity != 0 {
		entry.Put("capacity", document.Plain(fmt.Sprint(w.Capacity)))
	}
	if w.Manual {
		entry.Put("takes", document.Plain("false"))
	}
	entry.AddList("skills", w.Skills)
	entry.AddList("brands", w.Brands)
	writeBusinessHours(entry, w.Hours)
}

// writePlan writes by which rules an account's conversations are given to agents.
func writePlan(entry *document.Mapping, p routing.Plan) {
	var rules []*document.Mapping
	for _, r := range p.Rules {
		rule := &document.Mapping{}
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
}
