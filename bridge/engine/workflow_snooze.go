package engine

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// A snoozed conversation is left out of the lists Mine and Unassigned until a time ("!snooze tomorrow 9:00"). It
// comes back earlier if an agent wakes it, if the customer writes (inbound*.go), or if an agent answers. A
// pending one waits for the customer without a time.

func pendingVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbPending, NeedsOpen: true, Final: true, Deed: store.DeedSetPending},
		Do:    (*work).setPending,
	}
}

func snoozeVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbSnooze, NeedsOpen: true, Final: true, Deed: store.DeedSnoozed},
		Do:    (*work).snooze,
	}
}

func wakeVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbWake, NeedsOpen: true, Deed: store.DeedWoke},
		Do:    (*work).wake,
	}
}

// readVerb does nothing more: whatever an agent does with a conversation marks it as read.
func readVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbRead, Final: true}, Do: func(*work, Request) {}}
}

// setPending applies !pending: the conversation waits for the customer.
func (w *work) setPending(r Request) {
	if w.refuseUnread(r) {
		return
	}
	w.EndSnooze(r.Conversation)
	r.Conversation.Status = string(bridge.StatusPending)
	r.Conversation.EndWait()
	w.Log.Did(r, nil)
	r.Conversation.RefreshCard()
}

// wake applies !wake: it ends a conversation's snooze early.
func (w *work) wake(r Request) {
	if r.Conversation.BridgeStatus() != bridge.StatusSnoozed {
		w.Refuse(r, "not_snoozed", "This conversation is not snoozed.", "")
		return
	}
	if r.Several && r.Args.Until != r.Conversation.SnoozedAs() {
		w.Refuse(r, "moved_on", "It is snoozed until another time since.", "")
		return
	}
	w.EndSnooze(r.Conversation)
	r.Conversation.Status = string(bridge.StatusOpen)
	keepStatusFromReplies(w.Book, r.Conversation)
	w.Log.Did(r, nil)
	if owners := w.Conversations.OtherOwners(r.Conversation, r.Agent); len(owners) > 0 {
		w.Line(r.Conversation, bridge.Line{Content: &bridge.WokeLine{}, By: w.Dir.Ref(r.Surface, r.Agent.ID), Mentions: owners})
	}
	r.Conversation.RefreshCard()
}

// snooze applies !snooze. Times are in the agent's time zone (Directory.Zone), and are relative to when the
// agent typed them: “tomorrow” that is applied a day late means today.
func (w *work) snooze(r Request) {
	c, agent := r.Conversation, r.Agent
	zone := w.Dir.Zone(agent, c.AccountID)
	until, err := w.snoozeTime(r.Args.Until, zone)
	if err != nil {
		text, hint := err.Error(), ""
		if forPeople, ok := errors.AsType[*bridge.Error](err); ok {
			text, hint = forPeople.Text, forPeople.Hint
		}

		w.Refuse(r, "bad_time", text, hint)
		return
	}
	if w.refuseUnread(r) {
		return
	}

	c.Status, c.SnoozedUntil = string(bridge.StatusSnoozed), &until
	keepStatusFromReplies(w.Book, c)
	w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: Snooze, DueAt: until})
	w.Suggestions.Settle(c, store.SuggestsSnooze, r.Args.Until, store.SuggestionUsed)
	w.Log.Did(r, Detail{Text: until.In(zone).Format("2006-01-02 15:04 MST")})
	w.Confirm(r, bridge.Line{
		Content: &bridge.SnoozedLine{Until: until},
		By:      w.Dir.Ref(r.Surface, agent.ID),
		Verbs:   []bridge.Verb{bridge.VerbWake, bridge.VerbNext},
		Args:    bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}

// snoozeTime parses the time until which a conversation is snoozed: "tomorrow 9:00". It must be in the future.
func (w *work) snoozeTime(words string, zone *time.Location) (time.Time, error) {
	until, err := bridge.Parse(words, w.TypedAt(), zone)
	if err == nil && !until.After(w.Now) { // in the future when it was typed, but past by now
		return time.Time{}, &bridge.Error{
			Code: bridge.Past,
			Text: "Counted from when you typed it, that is " + until.Format("Mon 2 Jan 2006 15:04") + ", which is past.",
			Hint: "Type the command again.",
		}
	}
	return until, err
}

// EndSnooze clears the time and stops the timer of a snoozed conversation. The caller sets the new status. For
// other conversations it does nothing.
func (w *work) EndSnooze(c *Conversation) {
	if c.BridgeStatus() != bridge.StatusSnoozed {
		return
	}
	c.SnoozedUntil = nil
	w.Timers.Stop(c.ID, Snooze)
	c.Touch()
}

// WakeByAnswer opens a snoozed conversation because an agent answers the customer. The new status doesn't count
// as chosen by the agent; see store.StatusChosen.
func (w *work) WakeByAnswer(c *Conversation) {
	if c.BridgeStatus() != bridge.StatusSnoozed {
		return
	}
	w.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	w.Log.ByParley(c, store.DeedWoke, Detail{Why: bridge.Because(bridge.ReasonAnswered)})
}

// WakeByTimer opens a conversation when its snooze's timer fires, which was set for due. It does nothing if the
// conversation was woken or snoozed again since.
// Errors: the database's.
func (w *work) WakeByTimer(ctx context.Context, tx pgx.Tx, c *Conversation, due time.Time) error {
	until := c.SnoozedUntil
	if c.BridgeStatus() != bridge.StatusSnoozed || until == nil {
		return nil
	}
	isCurrentTimer := until.Equal(due) // counts even if the clock was set back after it fired
	if !isCurrentTimer && until.After(w.Now) {
		return nil
	}
	cause, err := causeOfTimer(ctx, tx, c)
	if err != nil {
		return err
	}

	w.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	w.Log.ByParley(c, store.DeedWoke, nil)
	c.RefreshCard()
	isLate := w.Now.Sub(*until) > workflowLateAfter
	if isLate && w.addToDigests(c) {
		return nil
	}
	w.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: cause}, Mentions: w.Conversations.Owners(c)})
	return nil
}

// causeOfTimer returns the cause for the line about a snooze that ended by its timer: WokenUnanswered if the
// customer's latest message came after it was set.
func causeOfTimer(ctx context.Context, tx pgx.Tx, c *Conversation) (bridge.WokenBy, error) {
	if c.LastFrom != store.FromCustomer {
		return bridge.WokenByTime, nil
	}
	wasSetLater, err := store.SnoozedSince(ctx, tx, c.ID, c.LastAt)
	if err != nil {
		return "", err
	}
	if wasSetLater {
		return bridge.WokenByTime, nil
	}
	return bridge.WokenUnanswered, nil
}
