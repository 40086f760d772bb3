package engine

import (
	"context"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/routing"
	"parley/store"
)

// Trial says who would get a conversation by the rules of its account.
type Trial struct {
	store.Unassigned

	Account string   // its name
	Who     string   // a person's or a team's name; "" if it would wait
	Outcome string   // the same with the rule: "Ben Katz: rule 2, who is least busy"
	Reasons []string // why nobody else
}

// TryText decides about a conversation that a customer would begin now with a text. It changes nothing. answer is what an analysis of
// the text has found.
func TryText(
	ctx context.Context, q store.Querier, dir *Directory, account *store.Account, address, text string, answer analysis.Answer,
) (Trial, error) {
	w, err := store.FactsOfCustomer(ctx, q, account.ID, address)
	if err != nil {
		return Trial{}, err
	}
	w.Text = text
	w.Traits = map[string]string{bridge.TraitLanguage: answer.Language, bridge.TraitSentiment: string(answer.Sentiment)}
	if answer.Urgency.Urgent {
		w.Traits[bridge.TraitUrgent] = bridge.UrgentNow
	}
	if len(answer.Intents) > 0 {
		w.Traits[bridge.TraitIntent] = answer.Intents[0]
	}

	now, err := store.Now(ctx, q)
	if err != nil {
		return Trial{}, err
	}
	people, _, err := countPeople(ctx, q, dir, now)
	if err != nil {
		return Trial{}, err
	}
	t, _ := try(dir, w, now, people)
	return t, nil
}

// TryLatest decides about the latest conversations on some accounts, each when it began, as if the rules had given away all of them:
// somebody has what the rules gave until it ended. Nobody counts as away, since nobody knows who was; and what is known of customers is
// what is known now. It changes nothing.
func TryLatest(ctx context.Context, q store.Querier, dir *Directory, accounts []store.AccountID, limit int) ([]Trial, error) {
	latest, err := store.LatestFacts(ctx, q, accounts, limit)
	if err != nil {
		return nil, err
	}

	trials := make([]Trial, 0, len(latest))
	ends := map[routing.PersonID][]time.Time{} // of the conversations that a person has
	turns := map[routing.PersonID]int64{}
	for n, w := range latest {
		w.GaveBack, w.Moved, w.TeamID = nil, false, dir.Account(w.AccountID).TeamID
		people := dir.People(w.CreatedAt)
		for i := range people {
			p := &people[i]
			ends[p.ID] = slices.DeleteFunc(ends[p.ID], func(end time.Time) bool { return !end.After(w.CreatedAt) })
			p.Away, p.Load, p.Turn = false, len(ends[p.ID]), turns[p.ID]
		}

		t, person := try(dir, w, w.CreatedAt, people)
		trials = append(trials, t)
		if person != 0 {
			turns[person] = int64(n + 1)
			end := time.Unix(1<<40, 0) // it hasn't ended
			if w.EndedAt != nil {
				end = *w.EndedAt
			}
			ends[person] = append(ends[person], end)
		}
	}
	return trials, nil
}

// try decides as giveAway does, twice if a rule hands the conversation to another team.
func try(dir *Directory, w store.Unassigned, now time.Time, people []routing.Person) (Trial, routing.PersonID) {
	plan := dir.Plans[w.AccountID]
	people = slices.DeleteFunc(slices.Clone(people), func(p routing.Person) bool { return !takes(dir, w.AccountID, p) })
	d := routing.Decide(plan, factsOf(dir, w, now), people)
	t := Trial{Unassigned: w, Account: dir.Account(w.AccountID).Name}
	if team := dir.FindTeam(d.Team); d.Team != "" && team != nil {
		t.Reasons = append(d.Reasons(plan, people), d.Outcome(plan, people))
		w.TeamID, w.Moved = &team.ID, true
		d = routing.Decide(plan, factsOf(dir, w, now), people)
		t.Who = "team " + team.Name
	}
	t.Outcome = d.Outcome(plan, people)
	t.Reasons = append(t.Reasons, d.Reasons(plan, people)...)
	if i := slices.IndexFunc(people, func(p routing.Person) bool { return p.ID == d.Person }); i >= 0 {
		t.Who = people[i].Name
	}
	return t, d.Person
}
