package workflow

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/bridge/when"
	"parley/store"
	"parley/store/suggestion"
)

const (
	overdueAfter = 10 * time.Minute // a snooze that ends later than this was missed, and goes into a digest
	digestWait   = 3 * time.Second  // how long missed snoozes are collected before people are told of them
)

// SetPending makes a conversation wait for the customer.
func (wf *UseCases) SetPending(r book.Request) {
	if wf.refuseUnread(r) {
		return
	}
	if r.Conversation.BridgeStatus() == bridge.StatusSnoozed {
		wf.EndSnooze(r.Conversation)
	}
	r.Conversation.Status = string(bridge.StatusPending)
	r.Conversation.EndWait()
	wf.Log.ByAgent(r.Conversation, r.Agent, store.DeedSetPending, nil)
	r.Conversation.RefreshCard()
}

// Wake ends a conversation's snooze before its time.
func (wf *UseCases) Wake(r book.Request) {
	if r.Conversation.BridgeStatus() != bridge.StatusSnoozed {
		wf.Refuse(r, "not_snoozed", "This conversation is not snoozed.", "")
		return
	}
	wf.EndSnooze(r.Conversation)
	r.Conversation.Status = string(bridge.StatusOpen)
	keepStatusFromReplies(wf.Book, r.Conversation)
	wf.Log.ByAgent(r.Conversation, r.Agent, store.DeedWoke, nil)
	r.Conversation.RefreshCard()
}

// Snooze hides the conversation until a time, in the zone that Directory.Zone names for the agent. Words count from when the agent
// typed them: “tomorrow” that is applied a day later means today.
func (wf *UseCases) Snooze(r book.Request) {
	c, agent := r.Conversation, r.Agent
	zone := wf.Dir.Zone(agent, c.AccountID)
	until, err := wf.snoozeTime(r.Args.Until, zone)
	if err != nil {
		text, hint := err.Error(), ""
		if forPeople, ok := errors.AsType[*when.Error](err); ok {
			text, hint = forPeople.Text, forPeople.Hint
		}

		wf.Refuse(r, "bad_time", text, hint)
		return
	}
	if wf.refuseUnread(r) {
		return
	}

	c.Status, c.SnoozedUntil = string(bridge.StatusSnoozed), &until
	keepStatusFromReplies(wf.Book, c)
	wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: own.Snooze, DueAt: until})
	wf.Suggestions.Settle(c, suggestion.Snooze, r.Args.Until, suggestion.Used)
	wf.Log.ByAgent(c, agent, store.DeedSnoozed, book.Detail{Text: until.In(zone).Format("2006-01-02 15:04 MST")})
	wf.Confirm(c, r.Surface, r.Action, bridge.Line{
		Content: &bridge.SnoozedLine{Until: until},
		By:      wf.Dir.Ref(r.Surface, agent.ID),
		Verbs:   []bridge.Verb{bridge.VerbWake},
		Args:    bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}

// snoozeTime reads until when a conversation is to be snoozed, in people's words. The time has to be in the future.
func (wf *UseCases) snoozeTime(words string, zone *time.Location) (time.Time, error) {
	until, err := when.Parse(words, wf.typedAt(), zone)
	if err == nil && !until.After(wf.Now) { // it was still to come when the agent typed it
		return time.Time{}, &when.Error{
			Code: when.Past,
			Text: "From when you typed it, that is " + until.Format("Mon 2 Jan 2006 15:04") + ", which is past.",
			Hint: "Say it anew.",
		}
	}
	return until, err
}

// typedAt returns when the present action was typed, by Parley's clock, or now if nobody typed it.
func (wf *UseCases) typedAt() time.Time {
	if wf.Typed.IsZero() {
		return wf.Now
	}
	typed := wf.ByParleysClock(wf.Typed)
	if typed.After(wf.Now) {
		return wf.Now // the surface's clock is ahead
	}
	return typed
}

// EndSnooze clears until when a conversation is snoozed, and stops the timer that would wake it. The caller changes the status.
func (wf *UseCases) EndSnooze(c *book.Conversation) {
	c.SnoozedUntil = nil
	wf.Timers.Stop(store.Timer{ConversationID: c.ID, Kind: own.Snooze, DueAt: wf.Now})
	c.Touch()
}

// WakeByAnswer ends a conversation's snooze, if there is one, because the customer is answered. The new status doesn't count as
// chosen by an agent; see store.StatusChosen.
func WakeByAnswer(wf *UseCases, c *book.Conversation) {
	if c.BridgeStatus() != bridge.StatusSnoozed {
		return
	}
	wf.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	wf.Log.ByParley(c, store.DeedWoke, book.Detail{Why: bridge.Because(bridge.ReasonAnswered)})
}

// SnoozeOver brings a conversation back, because the timer that was set for due has fired. It does nothing if the conversation was
// woken or snoozed anew meanwhile.
func (wf *UseCases) SnoozeOver(ctx context.Context, tx pgx.Tx, c *book.Conversation, due time.Time) error {
	if c.BridgeStatus() != bridge.StatusSnoozed || c.SnoozedUntil == nil {
		return nil
	}

	isPast := !c.SnoozedUntil.After(wf.Now)
	isTimers := c.SnoozedUntil.Equal(due) // true also if the clock was set back since the timer fired
	if !isPast && !isTimers {
		return nil
	}

	cause := bridge.WokenByTime
	if c.LastFrom == store.FromCustomer {
		isOlder, err := store.SnoozedSince(ctx, tx, c.ID, c.LastAt)
		if err != nil {
			return err
		}
		if !isOlder {
			cause = bridge.WokenUnanswered
		}
	}

	late := wf.Now.Sub(*c.SnoozedUntil) > overdueAfter
	c.Status = string(bridge.StatusOpen)
	c.SnoozedUntil = nil
	wf.Log.ByParley(c, store.DeedWoke, nil)
	c.RefreshCard()
	if late && wf.addToDigest(c) {
		return nil
	}

	wf.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: cause}, Mentions: wf.Conversations.Owners(c)})
	return nil
}

// addToDigest puts a conversation whose snooze ended late, because Parley was down, into its owners' digests: each owner gets one
// message about all such conversations. It returns false if no owner gets one, because all are away or can't be told directly.
func (wf *UseCases) addToDigest(c *book.Conversation) bool {
	isTold := false
	for _, agent := range c.Assignees {
		canBeTold := wf.SurfaceToTell(agent, threads.AnySurface) != 0
		if canBeTold && !wf.Dir.IsAway(agent) {
			wf.Timers.Overdue = append(wf.Timers.Overdue, store.Overdue{AgentID: agent, ConversationID: c.ID})
			isTold = true
		}
	}

	if isTold {
		wf.Timers.Start(store.Timer{Kind: own.Digest, DueAt: wf.Now.Add(digestWait)})
	}

	return isTold
}

// Digest tells each agent directly which snoozes ended while Parley was down.
func (wf *UseCases) Digest(ctx context.Context, tx pgx.Tx) error {
	rows, err := store.TakeOverdue(ctx, tx)
	if err != nil {
		return err
	}

	byAgent := map[store.AgentID][]store.ConversationID{}
	for _, r := range rows {
		byAgent[r.AgentID] = append(byAgent[r.AgentID], r.ConversationID)
	}

	for _, agent := range book.SortedKeys(byAgent) {
		inThreads, err := store.Threads(ctx, tx, byAgent[agent])
		if err != nil {
			return err
		}

		preferred := threads.AnySurface
		if len(inThreads) > 0 {
			preferred = inThreads[0].AccountID
		}

		surface := wf.SurfaceToTell(agent, preferred)
		facts, err := wf.Reading.Facts(ctx, tx, surface, wf.Dir.Agent(agent), byAgent[agent]...)
		if err != nil {
			return err
		}

		wf.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: "woke", Rows: facts}})
	}

	return nil
}
