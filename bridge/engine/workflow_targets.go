package engine

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/store"
)

// An account may have targets: how soon somebody takes a conversation whose customer waits, and how soon the customer
// is answered, in business hours. Each has a timer, which runs while the customer waits. When it fires, the owner gets
// one direct message. After the same time again, the team is told in the thread.

// TimeTargets starts and stops the timers of targets in those conversations whose wait has changed in this batch.
func (wf *WorkflowUseCases) TimeTargets() {
	for _, id := range SortedKeys(wf.Conversations.Rows) {
		c := wf.Conversations.Rows[id]
		before, now := c.Before, WaitOf(c.Conversation)
		if before == now {
			continue
		}
		isNew := !now.Since.Equal(before.Since)
		wf.timeTarget(c, ReplyDue, isNew, now.Since.IsZero())
		wf.timeTarget(c, AckDue, isNew, now.Since.IsZero() || now.Owned)
	}
}

// timeTarget starts the timer of a target if a wait is new, and stops it if the target is met.
func (wf *WorkflowUseCases) timeTarget(c *Conversation, kind Kind, isNew, isMet bool) {
	if isMet && !c.Fresh {
		wf.Timers.Stop(c.ID, kind)
	}
	if due := wf.dueOf(c, kind); isNew && !isMet && !due.IsZero() {
		wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: kind, DueAt: due})
	}
}

// targetOf returns a target of a conversation's account; 0 means none.
func (wf *WorkflowUseCases) targetOf(c *Conversation, kind Kind) time.Duration {
	if kind == AckDue {
		return wf.Settings(c).AckTarget
	}
	return wf.Settings(c).ReplyTarget
}

// dueOf returns until when a target has to be met; zero if nobody waits, or there is no such target.
func (wf *WorkflowUseCases) dueOf(c *Conversation, kind Kind) time.Time {
	target, since := wf.targetOf(c, kind), WaitOf(c.Conversation).Since
	if target == 0 || since.IsZero() {
		return time.Time{}
	}
	return wf.Dir.Hours[c.AccountID].Add(since, target)
}

// TargetPassed tells the owners that a target has passed, and the next time that it fires, the team. Each wait is told
// of twice at most, also if it goes on after a reply has failed.
func (wf *WorkflowUseCases) TargetPassed(c *Conversation, f Fact) {
	due := wf.dueOf(c, f.Kind)
	if due.IsZero() || f.Kind == AckDue && len(c.Assignees) > 0 {
		return
	}
	if due.After(wf.Now) { // it was changed, or the customer wrote anew
		wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: f.Kind, DueAt: due})
		return
	}

	told := fmt.Sprintf("%s %d ", f.Kind, c.WaitingSince.UnixMicro())
	line := &bridge.LateLine{Due: due, Untaken: f.Kind == AckDue}
	mark := bridge.TraitLate
	if f.Kind == AckDue {
		mark = bridge.TraitLateAck
	}
	switch c.Traits[mark] {
	case told + "2":
	case told + "1":
		c.SetTrait(mark, told+"2")
		wf.tellTeamLate(c, line)
	default:
		isLate := wf.Now.Sub(f.Due) > workflowLateAfter
		if isInDigest := isLate && (digests{wf}).add(c); !isInDigest && !wf.tellOwnersLate(c) {
			c.SetTrait(mark, told+"2")
			wf.tellTeamLate(c, line)
			return
		}
		c.SetTrait(mark, told+"1")
		if next := wf.Dir.Hours[c.AccountID].Add(wf.Now, wf.targetOf(c, f.Kind)); !next.IsZero() {
			wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: f.Kind, DueAt: next})
		}
	}
}

// tellOwnersLate sends the owners direct messages about a customer who waits too long. It returns false if no owner
// gets one.
func (wf *WorkflowUseCases) tellOwnersLate(c *Conversation) bool {
	var at store.AccountID
	if t := c.Home(wf.Dir); t != nil {
		at = t.AccountID
	}
	isTold := false
	for _, agent := range c.Assignees {
		surface := wf.SurfaceToTell(agent, at)
		if surface == AnySurface || wf.Dir.IsAway(agent) || !wf.Reading.As(wf.Dir.Agent(agent)).May(c.Conversation) {
			continue
		}
		row := wf.Reading.FactsOf(wf.Dir, surface, wf.Dir.Agent(agent), c.Conversation, wf.People.Identities, c.Places(), wf.Now)
		wf.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: bridge.ListLate, Rows: []bridge.Facts{row}}})
		isTold = true
	}
	return isTold
}

// tellTeamLate posts in the thread that a target has passed, and mentions the owners and the team.
func (wf *WorkflowUseCases) tellTeamLate(c *Conversation, line *bridge.LateLine) {
	mentions := wf.Conversations.Owners(c)
	if t := c.Home(wf.Dir); t != nil && c.TeamID != nil {
		for _, ref := range TeamMentions(wf.Dir, wf.Dir.Team(*c.TeamID), t.AccountID, 0) {
			if !c.IsAssignee(ref.ID) {
				mentions = append(mentions, ref)
			}
		}
	}
	wf.Line(c, bridge.Line{
		Content:  line,
		Mentions: mentions,
		Verbs:    []bridge.Verb{bridge.VerbReply},
		Args:     bridge.Args{Conversation: c.ID},
	})
}

// isLate reports whether the customer of a conversation should have been answered by now.
func (ds digests) isLate(f bridge.Facts) bool { return !f.ReplyBy.IsZero() && !f.ReplyBy.After(ds.Now) }
