package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/routing"
	"parley/store"
)

const (
	routeInterval = 500 * time.Millisecond
	maxRouted     = 200              // conversations of an account in one transaction
	routedAge     = 10 * time.Minute // after which a decision that was never applied no longer counts
)

// router gives conversations to agents by rules.
type router struct {
	*Chores

	offset int // of each account so many conversations are left out, since nobody can take them; 0 each time that all were looked at
}

// route gives conversations that nobody has to agents, by the rules of their accounts. It looks at all that wait, the oldest and most
// pressing first, each time: so whoever becomes available, comes on duty or gets room is given what waits, and not what comes next. One
// process does so at a time, in a short transaction; a decision is an event, which the engine applies like any other.
func (rt *router) route(ctx context.Context) error {
	cs, dir := rt.Chores, rt.Directory()
	accounts := slices.Sorted(maps.Keys(dir.Plans))
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	pinned, err := store.FindPinned(ctx, cs.pool)
	if err != nil {
		return err
	}
	waits := len(pinned) > 0
	if !waits && len(accounts) > 0 {
		waits, err = store.HasUnassigned(ctx, cs.pool, accounts)
	}
	if err != nil || !waits {
		return err
	}
	given := 0
	err = store.InTx(ctx, cs.pool, func(tx pgx.Tx) (err error) {
		given, err = rt.giveAway(ctx, tx, dir, accounts, pinned)
		return err
	})
	if given > 0 && err == nil {
		cs.wake()
	}
	return err
}

// giveAway decides who gets the conversations that nobody has. It returns how many somebody gets.
func (rt *router) giveAway(
	ctx context.Context, tx pgx.Tx, dir *Directory, accounts []store.AccountID, pinned []store.Pinned,
) (int, error) {
	if isAlone, err := store.LockRouting(ctx, tx); err != nil || !isAlone {
		return 0, err
	}
	now, err := store.Now(ctx, tx)
	if err != nil {
		return 0, err
	}
	if err := store.DropRouted(ctx, tx, routedAge); err != nil {
		return 0, err
	}
	people, turn, err := countPeople(ctx, tx, dir, now)
	if err != nil {
		return 0, err
	}
	movesTeams := func(id store.AccountID) bool { return dir.Plans[id].MovesTeams() }
	if !slices.ContainsFunc(people, routing.Person.IsFree) {
		accounts, pinned = slices.DeleteFunc(accounts, func(id store.AccountID) bool { return !movesTeams(id) }), nil
	}
	needsText := func(id store.AccountID) bool { return dir.Plans[id].NeedsText() }
	waiting, err := store.FindUnassigned(ctx, tx, accounts, pinned, maxRouted, rt.offset, slices.ContainsFunc(accounts, needsText))
	if err != nil {
		return 0, err
	}
	if rt.offset += maxRouted; len(waiting) < maxRouted {
		rt.offset = 0
	}
	readers := map[routing.PersonID]store.Reader{}
	for i := range dir.Agents {
		readers[routing.PersonID(dir.Agents[i].ID)] = rt.reading.As(&dir.Agents[i])
	}

	var rows []store.Routed
	var events []store.NewEvent
	for _, w := range waiting {
		plan := dir.Plans[w.AccountID]
		if w.Analysing && plan.NeedsAnalysis() {
			continue
		}
		mayNot := func(p routing.Person) bool {
			reader := readers[p.ID]
			isReadable := reader.May(&store.Conversation{
				ID: w.ID, AccountID: w.AccountID, TeamID: w.TeamID, Visibility: store.Visibility{VisibleTo: w.VisibleTo},
			})
			return !isReadable || !takes(dir, w.AccountID, p)
		}
		d := routing.Decide(plan, factsOf(dir, w, now), slices.DeleteFunc(slices.Clone(people), mayNot))
		fact := Fact{Kind: Routed, Conversation: w.ID, RoutedTo: RoutedTo{Agent: store.AgentID(d.Person), By: string(d.By)}}
		if d.Rule >= 0 {
			fact.Word = plan.Rules[d.Rule].Skill + plan.Rules[d.Rule].Field
		}
		if team := dir.FindTeam(d.Team); d.Team != "" && team != nil {
			fact.RoutedTo.Team = team.ID
		}
		if fact.Agent == 0 && fact.RoutedTo.Team == 0 {
			continue
		}

		fact.RoutedTo.Why = d.Why(plan, people)
		turn++
		if i := slices.IndexFunc(people, func(p routing.Person) bool { return p.ID == d.Person }); i >= 0 {
			people[i].Load, people[i].Turn = people[i].Load+1, turn
		}
		rows = append(rows, store.Routed{ConversationID: w.ID, AgentID: fact.Agent, Turn: turn})
		events = append(events, fact.Event(fmt.Sprintf("routed:%d:%s", w.ID, rand.Text())))
	}

	if len(rows) == 0 {
		return 0, nil
	}
	rt.offset = 0
	if err := store.KeepRouted(ctx, tx, rows); err != nil {
		return 0, err
	}
	_, err = store.InsertEvents(ctx, tx, events)
	return len(rows), err
}

// takes reports whether rules give conversations of an account to a person.
func takes(dir *Directory, account store.AccountID, p routing.Person) bool {
	return dir.May(dir.Agent(store.AgentID(p.ID)), dir.Account(account), store.RightTakes)
}

// countPeople returns everybody who could get a conversation, with how many they have, and the latest turn.
func countPeople(
	ctx context.Context, tx store.Querier, dir *Directory, now time.Time,
) (people []routing.Person, turn int64, err error) {
	people = dir.People(now)
	var agents []store.AgentID
	for _, p := range people {
		agents = append(agents, store.AgentID(p.ID))
	}
	loads, err := store.CountLoads(ctx, tx, agents)
	for _, l := range loads {
		i := slices.Index(agents, l.AgentID)
		people[i].Load, people[i].Turn = l.Open, l.Turn
		turn = max(turn, l.Turn)
	}
	return people, turn, err
}

// factsOf returns the facts by which rules decide about a conversation.
func factsOf(dir *Directory, w store.Unassigned, now time.Time) routing.Facts {
	f := dir.FactsOf(dir.Account(w.AccountID), w.TeamID, w.Tags, w.Traits, now)
	f.Text, f.Moved, f.LastAgent = w.Subject+"\n"+w.Text, w.Moved, routing.PersonID(w.LastAgent)
	f.Salesman, f.Brands, f.Fields = w.Salesman, w.Brands, w.Fields
	f.Seed = uint64(w.ID) //nolint:gosec // an id is positive
	f.Pinned = routing.PersonID(w.Pinned)
	for _, email := range w.Preset {
		if agent := dir.AgentByEmail(email); agent != nil {
			f.Preset = append(f.Preset, routing.PersonID(agent.ID))
		}
	}
	for _, agent := range w.GaveBack {
		f.GaveBack = append(f.GaveBack, routing.PersonID(agent))
	}
	return f
}
