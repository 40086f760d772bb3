package chores

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"parley/bridge/analysis"
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

// addSolved adds to a question what was asked and answered in resolved conversations. It uses only this account and others of its
// team that have no channel of their own, since everybody who may read this conversation may read these.
func (as *Analyses) addSolved(ctx context.Context, b claimedBurst, q *preparedQuestion) error {
	i := slices.IndexFunc(b.Conversations, func(c store.Conversation) bool { return c.ID == b.ConversationID })
	if i < 0 {
		return nil
	}

	c, dir := &b.Conversations[i], as.host.Directory()
	var team store.TeamID
	if c.TeamID != nil {
		team = *c.TeamID
	}

	var accounts []store.AccountID
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		isReadable := a.ID == c.AccountID
		if team != 0 && a.TeamID != nil {
			isReadable = isReadable || *a.TeamID == team
		}
		if isReadable && canHelpOthers(dir, a) {
			accounts = append(accounts, a.ID)
		}
	}

	if len(accounts) == 0 {
		return nil
	}

	var like []solved.Solved
	if b.Solved {
		var err error
		if like, err = solved.Like(ctx, as.pool, accounts, team, askedIn(q.Burst), maxExamples); err != nil {
			return err
		}
	}

	sources := 0
	for _, s := range like {
		e := analysis.Example{Text: s.Asked, Intent: s.Intent, Tags: s.Tags}
		a := dir.Agent(s.AgentID)
		isHere := a != nil && a.Active
		if isHere && !slices.Contains(c.Assignees, a.ID) {
			e.Solver = own.SolverName(a.ID)
		}
		q.Desk.Examples = append(q.Desk.Examples, e)
		hasAnswer := s.Answered != "" && s.ConversationID != c.ID
		if hasAnswer && sources < maxSolvedSources {
			sources++
			id := solvedPrefix + strconv.FormatInt(int64(s.ConversationID), 10)
			q.intents[id] = s.Intent
			q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: id, Title: fmt.Sprintf("Conversation #%d", s.ConversationID), Text: s.Asked, Reply: s.Answered})
		}
	}

	if len(c.Assignees) == 0 {
		q.Desk.Actions = append(q.Desk.Actions, analysis.Assign)
	}

	return nil
}

// hasOtherIntent reports whether a reply draws on a resolved conversation in which the customer wanted something else.
func (q preparedQuestion) hasOtherIntent(r analysis.Reply, a analysis.Answer) bool {
	return slices.ContainsFunc(r.Sources, func(id string) bool {
		areKnown := q.intents[id] != "" && len(a.Intents) > 0
		return areKnown && !slices.Contains(a.Intents, q.intents[id])
	})
}
