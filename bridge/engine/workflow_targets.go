package engine

import (
	"cmp"
	"fmt"
	"time"

	"parley/bridge"
	"parley/store"
)

// An account may have targets: how soon somebody takes a conversation whose customer waits, and how soon the customer
// is answered, in business hours. Each has a timer, which runs while the customer waits. When it fires, the owner gets
// one direct message. After the same time again, the team is told in the thread.

// TimeTargets starts and stops the timers of targets in those conversations whose wait has changed in this batch.
func (w *work) TimeTargets() {
	for _, id := range SortedKeys(w.Conversations.Rows) {
		c := w.Conversations.Rows[id]
		before, now := c.Before, WaitOf(c.Conversation)
		if before == now {
			continue
		}
		isNew := !now.Since.Equal(before.Since)
		w.timeTarget(c, ReplyDue, isNew, now.Since.IsZero())
		w.timeTarget(c, AckDue, isNew, now.Since.IsZero() || now.Owned)
	}
}

// timeTarget starts the timer of a target if a wait is new, and stops it if the target is met.
func (w *work) timeTarget(c *Conversation, kind Kind, isNew, isMet bool) {
	if isMet && !c.Fresh {
		w.Timers.Stop(c.ID, kind)
	}
	if due := w.dueOf(c, w.targetOf(c, kind)); isNew && !isMet && !due.IsZero() {
		w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: kind, DueAt: due})
	}
}

// targetOf returns a target of a conversation's account; 0 means none.
func (w *work) targetOf(c *Conversation, kind Kind) time.Duration {
	if kind == AckDue {
		return w.Settings(c).AckTarget
	}
	return w.Settings(c).ReplyTarget
}

// dueOf returns until when a target has to be met; zero if nobody waits, or the target is 0.
func (w *work) dueOf(c *Conversation, target time.Duration) time.Time {
	since := WaitOf(c.Conversation).Since
	if target == 0 || since.IsZero() {
		return time.Time{}
	}
	return w.Dir.Hours[c.AccountID].Add(since, target)
}

// TargetPassed tells the owners that a target has passed, and the next time that it fires, the team. Each wait is told
// of twice at most, also if it goes on after a reply has failed.
func (w *work) TargetPassed(c *Conversation, f Fact) {
	target := w.targetOf(c, f.Kind)
	if f.Kind == AckDue {
		target = cmp.Or(target, untakenFor)
	}
	due := w.dueOf(c, target)
	if since := WaitOf(c.Conversation).Since; due.IsZero() && target > 0 && !since.IsZero() {
		due = since.Add(target) // there are no business hours any more
	}
	if due.IsZero() || f.Kind == AckDue && len(c.Assignees) > 0 {
		return
	}
	if due.After(w.Now) { // it was changed, or the customer wrote anew
		w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: f.Kind, DueAt: due})
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
		w.tellTeamLate(c, line)
	default:
		isLate := w.Now.Sub(f.Due) > workflowLateAfter
		if isInDigest := isLate && w.addToDigests(c); !isInDigest && !w.tellOwnersLate(c) {
			c.SetTrait(mark, told+"2")
			w.tellTeamLate(c, line)
			return
		}
		c.SetTrait(mark, told+"1")
		if next := w.Dir.Hours[c.AccountID].Add(w.Now, target); !next.IsZero() {
			w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: f.Kind, DueAt: next})
		}
	}
}

// tellOwnersLate sends the owners direct messages about a customer who waits too long. It returns false if no owner
// gets one.
func (w *work) tellOwnersLate(c *Conversation) bool {
	var at store.AccountID
	if t := c.Home(w.Dir); t != nil {
		at = t.AccountID
	}
	isTold := false
	for _, agent := range c.Assignees {
		surface := w.SurfaceToTell(agent, at)
		if surface == AnySurface || w.Dir.IsAway(agent) || !w.Reading.As(w.Dir.Agent(agent)).May(c.Conversation) {
			continue
		}
		row := w.Reading.FactsOf(w.Dir, surface, w.Dir.Agent(agent), c.Conversation, w.People.Identities, c.Places(), w.Now)
		w.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: bridge.ListLate, Rows: []bridge.Facts{row}}})
		isTold = true
	}
	return isTold
}

// tellTeamLate posts in the thread that a target has passed, and mentions the owners and the team.
func (w *work) tellTeamLate(c *Conversation, line *bridge.LateLine) {
	mentions := w.Conversations.Owners(c)
	if t := c.Home(w.Dir); t != nil && c.TeamID != nil {
		for _, ref := range TeamMentions(w.Dir, w.Dir.Team(*c.TeamID), t.AccountID, 0) {
			if !c.IsAssignee(ref.ID) {
				mentions = append(mentions, ref)
			}
		}
	}
	w.Line(c, bridge.Line{
		Content:  line,
		Mentions: mentions,
		Verbs:    []bridge.Verb{bridge.VerbReply},
		Args:     bridge.Args{Conversation: c.ID},
	})
}

// isLate reports whether the customer of a conversation should have been answered by now.
func (w *work) isLate(f bridge.Facts) bool { return !f.ReplyBy.IsZero() && !f.ReplyBy.After(w.Now) }
