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
	mostExamples = 50 // resolved conversations in a question
	mostSolved   = 5  // of them, those whose answers may be drawn on
)

// solvedPrefix begins what resolved conversations are called in a question.
const solvedPrefix = "solved:"

// solvedBefore adds to a question what was asked and answered in resolved conversations: of accounts that everybody
// may read who reads the conversation, which are those of its team without a channel of their own.
func (as *Analyses) solvedBefore(ctx context.Context, b claimedBurst, q *asking) error {
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
		same := a.ID == c.AccountID || team != 0 && a.TeamID != nil && *a.TeamID == team
		if same && helpsOthers(dir, a) {
			accounts = append(accounts, a.ID)
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	var like []solved.Solved
	if b.Solved {
		var err error
		if like, err = solved.Like(ctx, as.pool, accounts, team, askedIn(q.Burst), mostExamples); err != nil {
			return err
		}
	}
	sources := 0
	for _, s := range like {
		e := analysis.Example{Text: s.Asked, Intent: s.Intent, Tags: s.Tags}
		if a := dir.Agent(s.AgentID); a != nil && a.Active && !slices.Contains(c.Assignees, a.ID) {
			e.Solver = own.SolverOf(a.ID)
		}
		q.Desk.Examples = append(q.Desk.Examples, e)
		if s.Answered != "" && sources < mostSolved && s.ConversationID != c.ID {
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

// hasOtherIntent reports whether a reply draws on a conversation in which something else was wanted.
func (q asking) hasOtherIntent(r analysis.Reply, a analysis.Answer) bool {
	return slices.ContainsFunc(r.Sources, func(id string) bool {
		return q.intents[id] != "" && len(a.Intents) > 0 && !slices.Contains(a.Intents, q.intents[id])
	})
}
