package setup

import (
	"fmt"
	"strings"

	"parley/routing"
)

// setWork sets how an agent takes part in routing, as far as the file says so.
func setWork(w *routing.Work, e Work) {
	if e.Capacity != nil {
		w.Capacity = *e.Capacity
	}
	if e.Takes != nil {
		w.Manual = !*e.Takes
	}
	if e.Skills != nil {
		w.Skills = removeDuplicates(trimAll(e.Skills.Values()))
	}
	if e.Brands != nil {
		w.Brands = removeDuplicates(trimAll(e.Brands.Values()))
	}
	if e.Hours != nil {
		w.Hours = *e.Hours
	}
}

// setPlan sets by which rules an account's conversations are given to agents, as far as the file says so.
func setPlan(a *StateAccount, e ParleyfileAccount) {
	if e.HasRules {
		a.Plan.Rules = nil
		for _, r := range e.Rules {
			a.Plan.Rules = append(a.Plan.Rules, r.Rule)
		}
	}
	if e.Fallback != nil {
		a.Plan.Fallback = strings.TrimSpace(e.Fallback.Value)
		if a.Plan.Fallback == FallbackQueue {
			a.Plan.Fallback = ""
		}
	}
	if e.Replies != nil {
		a.Plan.Replies = *e.Replies
	}
}

// checkPlan adds a fault for each team or agent that the rules of an account name, and that doesn't exist.
func (o *overlay) checkPlan(e ParleyfileAccount) {
	for _, r := range e.Rules {
		if r.By == routing.ByTeam && o.Team(r.Team) == nil {
			o.faults.Add(Fault{
				At: r.At, Where: "account " + e.Name + ": rules",
				What: fmt.Sprintf("there is no team %q", r.Team), Hint: o.teamsHint(),
			})
		}
	}

	if e.Fallback == nil {
		return
	}
	who := strings.TrimSpace(e.Fallback.Value)
	if who != "" && who != FallbackQueue && o.Team(who) == nil && o.Agent(who) == nil {
		o.faults.Add(Fault{
			At: e.Fallback.At, Where: "account " + e.Name + ": fallback",
			What: fmt.Sprintf("%q is neither an agent's address nor a team", e.Fallback.Raw), Hint: "Write one of both, or queue.",
		})
	}
}
