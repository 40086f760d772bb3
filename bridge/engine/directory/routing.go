package directory

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/holiday"
	"parley/routing"
	"parley/store"
)

// plansOf returns the rules of those accounts that have any. They were validated before they were stored.
func (d *Directory) plansOf(accounts []store.Account) map[store.AccountID]routing.Plan {
	plans := map[store.AccountID]routing.Plan{}
	for _, a := range accounts {
		var p routing.Plan
		_ = json.Unmarshal(a.Routing, &p)
		// What names a team that was removed meanwhile counts for nothing, so that the further rules are asked.
		p.Rules = slices.DeleteFunc(p.Rules, func(r routing.Rule) bool { return r.By == routing.ByTeam && d.FindTeam(r.Team) == nil })
		if !strings.Contains(p.Fallback, "@") && d.FindTeam(p.Fallback) == nil {
			p.Fallback = ""
		}
		if !p.IsEmpty() {
			plans[a.ID] = p
		}
	}
	return plans
}

// readWork reads how an agent takes part in routing.
func (d *Directory) readWork(a *store.Agent) {
	var w routing.Work
	_ = json.Unmarshal(a.Routing, &w)
	d.work[a.ID] = w
	plan, _ := json.Marshal(w.Hours)
	d.duty[a.ID], _ = holiday.Hours(plan)
}

// People returns everybody to whom a conversation could be given at a time. They have no Load and no Turn yet.
func (d *Directory) People(now time.Time) []routing.Person {
	var list []routing.Person
	for _, a := range d.Agents {
		if !a.Active {
			continue
		}
		w := d.work[a.ID]
		p := routing.Person{
			ID: routing.PersonID(a.ID), Name: a.Name, Email: a.Email, Skills: w.Skills, Brands: w.Brands, Capacity: w.Capacity,
			Manual: w.Manual, Away: a.Presence == bridge.PresenceAway, OffDuty: !d.duty[a.ID].OpenAt(now),
		}
		for _, id := range d.TeamsOf(a.ID) {
			p.Teams = append(p.Teams, d.Team(id).Name)
		}
		list = append(list, p)
	}
	return list
}
