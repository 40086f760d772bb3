package engine

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/routing"
	"parley/store"
)

// plansOf returns the rules of those accounts that have any, and keeps what accounts answer by themselves. They were validated
// before they were stored.
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
	d.duty[a.ID], _ = bridge.Hours(plan)
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

// Automation returns the automation of a name, or nil.
func (d *Directory) Automation(name string) *routing.Automation {
	if i := slices.IndexFunc(d.Automations, func(a routing.Automation) bool { return strings.EqualFold(a.Name, name) }); i >= 0 {
		return &d.Automations[i]
	}
	return nil
}

// NextCron returns the timer for the next time of an automation, in the zone of the account that it names, or else of the company.
func (d *Directory) NextCron(a *routing.Automation, after time.Time) (t store.Timer, ok bool) {
	var account store.AccountID
	for i := range d.Accounts {
		if strings.EqualFold(d.Accounts[i].Name, a.If.Account) {
			account = d.Accounts[i].ID
		}
	}
	at := a.When.Next(after, d.Zone(nil, account))
	return store.Timer{Kind: CronOf(a.Name, at), DueAt: at}, a.When.Name == routing.Cron && !at.IsZero()
}

// FactsOf returns the facts of a conversation by which the conditions of rules and automations are decided, but for the text.
func (d *Directory) FactsOf(
	account *store.Account, team *store.TeamID, tags []string, traits map[string]string, now time.Time,
) routing.Facts {
	f := routing.Facts{
		Account: account.Name, Channel: account.Kind, Tags: d.CurrentTagNames(tags), Open: d.Hours[account.ID].OpenAt(now),
		Language: traits[bridge.TraitLanguage], Intent: traits[bridge.TraitIntent], Mood: MoodOf(traits),
		AnyTeam: account.ReplaceTeam(team),
	}
	if team != nil && d.Team(*team) != nil {
		f.Team = d.Team(*team).Name
	}
	return f
}

// MoodOf returns the mood by which conditions are decided: an analysis.Sentiment.
func MoodOf(traits map[string]string) string {
	mood := cmp.Or(traits[bridge.TraitSentiment], string(analysis.Neutral))
	if mood == string(analysis.Neutral) && bridge.IsUrgent(traits) {
		return string(analysis.Pressing)
	}
	return mood
}

// renameTagsOfRules puts the current names of tags into rules and automations, which know those that the tags had when they were written.
func (d *Directory) renameTagsOfRules() {
	rename := func(tag *string) {
		if *tag != "" {
			*tag = d.CurrentTagNames([]string{*tag})[0]
		}
	}
	for _, p := range d.Plans {
		for i := range p.Rules {
			rename(&p.Rules[i].When.Tag)
		}
	}
	for i := range d.Automations {
		a := &d.Automations[i]
		rename(&a.If.Tag)
		if a.When.Name == routing.Tagged {
			rename(&a.When.Value)
		}
		for k := range a.Then {
			if p := &a.Then[k]; p.Name == routing.AddTag || p.Name == routing.TakeTag {
				rename(&p.Value)
			}
		}
	}
}
