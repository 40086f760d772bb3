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
	maxExamples      = 50 // resolved conversations given to the model as examples
	maxSolvedSources = 5  // how many of them also come with their answer
)

// solvedPrefix is the prefix of the source IDs of resolved conversations: "solved:4711".
const solvedPrefix = "solved:"

// Resolved conversations show how the team answers. When a customer asks "Where is my order?", this file
// finds resolved conversations with similar questions and adds them to the question that the model gets. All
// of them serve as examples of how the team sorts such questions. The most similar ones also bring their
// answer, as a source for suggested replies.

// addSolved adds similar resolved conversations to the question about a burst (the messages that a customer
// wrote in one go).
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
		similar, err := solved.FindSimilar(ctx, as.pool, accounts, team, askedIn(q.Burst), maxExamples)
		if err != nil {
			return err
		}
		as.addExamples(q, c, similar)
		addSolvedSources(q, c, similar)
	}

	if len(c.Assignees) == 0 {
		q.Desk.Actions = append(q.Desk.Actions, analysis.Assign)
	}
	return nil
}

// accountsToLearnFrom returns the accounts whose resolved conversations may help in c: its own account and
// others of its team, if canHelpOthers allows it. So no answer is suggested from a conversation that c's
// agents may not read.
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

// addExamples adds what customers asked in similar conversations. An example names the agent who resolved it
// only if that agent can be suggested as an owner of c.
func (as *Analyses) addExamples(q *preparedQuestion, c *store.Conversation, similar []solved.Solved) {
	dir := as.host.Directory()
	for _, s := range similar {
		e := analysis.Example{Text: s.Asked, Intent: s.Intent, Tags: s.Tags}
		solver := dir.Agent(s.AgentID)
		isActive := solver != nil && solver.Active
		if isActive && !slices.Contains(c.Assignees, solver.ID) {
			e.Solver = own.SolverName(solver.ID)
		}
		q.Desk.Examples = append(q.Desk.Examples, e)
	}
}

// addSolvedSources adds the answers of the most similar resolved conversations other than c.
func addSolvedSources(q *preparedQuestion, c *store.Conversation, similar []solved.Solved) {
	sources := 0
	for _, s := range similar {
		if s.Answered == "" || s.ConversationID == c.ID {
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

// hasOtherIntent reports whether a suggested reply uses a resolved conversation in which the customer wanted
// something else than this one does. An unknown intent doesn't count as different.
func (q preparedQuestion) hasOtherIntent(r analysis.Reply, a analysis.Answer) bool {
	return slices.ContainsFunc(r.Sources, func(id string) bool {
		areKnown := q.intents[id] != "" && len(a.Intents) > 0
		return areKnown && !slices.Contains(a.Intents, q.intents[id])
	})
}
