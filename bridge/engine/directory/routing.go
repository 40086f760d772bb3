package directory

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bridge/holiday"
	"parley/routing"
	"parley/store"
)

// plansOf returns the rules of those accounts that have any, and keeps what accounts answer by themselves. They were validated before they were stored.
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
		if !p.Replies.IsEmpty() {
			d.Replies[a.ID] = p.Replies
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
			Manual: w.Manual, Away: a.Presence != "", OffDuty: !d.duty[a.ID].OpenAt(now),
		}
		for _, id := range d.TeamsOf(a.ID) {
			p.Teams = append(p.Teams, d.Team(id).Name)
		}
		list = append(list, p)
	}
	return list
}

// Absence returns who isn't there at a time.
func (d *Directory) Absence(now time.Time) store.Absence {
	var a store.Absence
	isAnybodyThere := false
	for i := range d.Agents {
		agent := &d.Agents[i]
		isAnybodyThere = isAnybodyThere || d.IsThere(agent.ID, now)
		if !agent.Active || !d.IsAbsent(agent.ID, now) {
			continue
		}
		a.Absent = append(a.Absent, agent.ID)
		if d.IsAway(agent.ID) {
			a.Away = append(a.Away, agent.ID)
		}
	}
	if isAnybodyThere {
		a.Teams = append(a.Teams, 0)
	}
	for _, t := range d.Teams {
		if slices.ContainsFunc(t.Members, func(id store.AgentID) bool { return d.IsThere(id, now) }) {
			a.Teams = append(a.Teams, t.ID)
		}
	}
	a.Ruled = slices.Collect(maps.Keys(d.Plans))
	return a
}
