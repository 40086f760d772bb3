package chores

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"parley/bridge/analysis"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/solved"
)

const (
	maxExamples      = 50 // resolved conversations in a question
	maxSolvedSources = 5  // those of them whose answers a suggested reply may draw on
)

// solvedPrefix begins the IDs by which a question names resolved conversations.
const solvedPrefix = "solved:"

// Resolved conversations show how the team answers. This file looks for those in which customers asked what they ask now. A model is
// given them as examples, and with the best ones also what was answered, on which the replies that it suggests may draw.

// addSolved adds to a question what was asked and answered in resolved conversations.
func (as *Analyses) addSolved(ctx context.Context, b claimedBurst, q *preparedQuestion) error {
	i := slices.IndexFunc(b.Conversations, func(c store.Conversation) bool { return c.ID == b.ConversationID })
	if i < 0 {
		return nil
	}
	c := &b.Conversations[i]
	accounts := accountsToLearnFrom(as.host.Directory(), c)
	if len(accounts) == 0 {
		return nil
	}

	if b.Solved {
		var team store.TeamID
		if c.TeamID != nil {
			team = *c.TeamID
		}
		like, err := solved.FindSimilar(ctx, as.pool, accounts, team, askedIn(q.Burst), maxExamples)
		if err != nil {
			return err
		}
		as.addExamples(q, c, like)
		addSolvedSources(q, c, like)
	}

	if len(c.Assignees) == 0 {
		q.Desk.Actions = append(q.Desk.Actions, analysis.Assign)
	}
	return nil
}

// accountsToLearnFrom returns the accounts whose resolved conversations may help in a conversation: its own and others of its team, as
// far as canHelpOthers allows. Everybody who may read this conversation may read those.
func accountsToLearnFrom(dir *directory.Directory, c *store.Conversation) []store.AccountID {
	var list []store.AccountID
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		isOfTeam := c.TeamID != nil && a.TeamID != nil && *a.TeamID == *c.TeamID
		isReadable := a.ID == c.AccountID || isOfTeam
		if isReadable && canHelpOthers(dir, a) {
			list = append(list, a.ID)
		}
	}
	return list
}

// addExamples adds what customers asked in resolved conversations, with who resolved them, if that agent may be suggested as an owner
// of c.
func (as *Analyses) addExamples(q *preparedQuestion, c *store.Conversation, like []solved.Solved) {
	dir := as.host.Directory()
	for _, s := range like {
		e := analysis.Example{Text: s.Asked, Intent: s.Intent, Tags: s.Tags}
		solver := dir.Agent(s.AgentID)
		isHere := solver != nil && solver.Active
		if isHere && !slices.Contains(c.Assignees, solver.ID) {
			e.Solver = own.SolverName(solver.ID)
		}
		q.Desk.Examples = append(q.Desk.Examples, e)
	}
}

// addSolvedSources adds what was answered in the most similar resolved conversations other than c.
func addSolvedSources(q *preparedQuestion, c *store.Conversation, like []solved.Solved) {
	sources := 0
	for _, s := range like {
		hasAnswer := s.Answered != "" && s.ConversationID != c.ID
		if !hasAnswer {
			continue
		}
		if sources == maxSolvedSources {
			return
		}
		sources++

		id := solvedPrefix + strconv.FormatInt(int64(s.ConversationID), 10)
		q.intents[id] = s.Intent
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{
			ID:    id,
			Title: fmt.Sprintf("Conversation #%d", s.ConversationID),
			Text:  s.Asked,
			Reply: s.Answered,
		})
	}
}

// hasOtherIntent reports whether a reply draws on a resolved conversation in which the customer wanted something else.
func (q preparedQuestion) hasOtherIntent(r analysis.Reply, a analysis.Answer) bool {
	return slices.ContainsFunc(r.Sources, func(id string) bool {
		areKnown := q.intents[id] != "" && len(a.Intents) > 0
		return areKnown && !slices.Contains(a.Intents, q.intents[id])
	})
}
