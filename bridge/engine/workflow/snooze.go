package workflow

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/bridge/engine/verb"
	"parley/bridge/when"
	"parley/store"
	"parley/store/suggestion"
)

// A snoozed conversation is out of agents' sight until a time. It comes back earlier if an agent wakes it, if the customer writes
// (package inbound), or if the customer is answered.

func pendingVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbPending, NeedsOpen: true, Final: true, Deed: store.DeedSetPending},
		Wants: wantUnread,
		Do:    (*UseCases).setPending,
	}
}

func snoozeVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbSnooze, NeedsOpen: true, Final: true, NeedsLatest: true, Deed: store.DeedSnoozed},
		Wants: wantUnread,
		Do:    (*UseCases).snooze,
	}
}

func wakeVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbWake, NeedsOpen: true, NeedsLatest: true, Deed: store.DeedWoke},
		Do:    (*UseCases).wake,
	}
}

// setPending makes a conversation wait for the customer.
func (wf *UseCases) setPending(r book.Request) {
	if wf.refuseUnread(r) {
		return
	}
	wf.EndSnooze(r.Conversation)
	r.Conversation.Status = string(bridge.StatusPending)
	r.Conversation.EndWait()
	wf.Log.Did(r, nil)
	r.Conversation.RefreshCard()
}

// wake ends a conversation's snooze before its time.
func (wf *UseCases) wake(r book.Request) {
	if r.Conversation.BridgeStatus() != bridge.StatusSnoozed {
		wf.Refuse(r, "not_snoozed", "This conversation is not snoozed.", "")
		return
	}
	wf.EndSnooze(r.Conversation)
	r.Conversation.Status = string(bridge.StatusOpen)
	keepStatusFromReplies(wf.Book, r.Conversation)
	wf.Log.Did(r, nil)
	r.Conversation.RefreshCard()
}

// snooze hides the conversation until a time, in the zone that Directory.Zone names for the agent. Words count from when the agent
// typed them: “tomorrow” that is applied a day later means today.
func (wf *UseCases) snooze(r book.Request) {
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
	wf.Log.Did(r, book.Detail{Text: until.In(zone).Format("2006-01-02 15:04 MST")})
	wf.Confirm(r, bridge.Line{
		Content: &bridge.SnoozedLine{Until: until},
		By:      wf.Dir.Ref(r.Surface, agent.ID),
		Verbs:   []bridge.Verb{bridge.VerbWake},
		Args:    bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}

// snoozeTime reads until when a conversation is to be snoozed, in people's words. The time has to be in the future.
func (wf *UseCases) snoozeTime(words string, zone *time.Location) (time.Time, error) {
	until, err := when.Parse(words, wf.TypedAt(), zone)
	if err == nil && !until.After(wf.Now) { // it was still to come when the agent typed it
		return time.Time{}, &when.Error{
			Code: when.Past,
			Text: "Counted from when you typed it, that is " + until.Format("Mon 2 Jan 2006 15:04") + ", which is past.",
			Hint: "Type the command again.",
		}
	}
	return until, err
}

// EndSnooze ends a conversation's snooze, if there is one: it clears the time, and stops the timer. The caller sets the status.
func (wf *UseCases) EndSnooze(c *book.Conversation) {
	if c.BridgeStatus() != bridge.StatusSnoozed {
		return
	}
	c.SnoozedUntil = nil
	wf.Timers.Stop(c.ID, own.Snooze)
	c.Touch()
}

// WakeByAnswer opens a conversation, if it is snoozed, because the customer is answered. The new status doesn't count as chosen by an
// agent; see store.StatusChosen.
func (wf *UseCases) WakeByAnswer(c *book.Conversation) {
	if c.BridgeStatus() != bridge.StatusSnoozed {
		return
	}
	wf.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	wf.Log.ByParley(c, store.DeedWoke, book.Detail{Why: bridge.Because(bridge.ReasonAnswered)})
}

// WakeByTimer opens a conversation because the timer that was set for due has fired. It does nothing if the conversation was woken
// or snoozed again meanwhile.
// Errors: the database's.
func (wf *UseCases) WakeByTimer(ctx context.Context, tx pgx.Tx, c *book.Conversation, due time.Time) error {
	until := c.SnoozedUntil
	if c.BridgeStatus() != bridge.StatusSnoozed || until == nil {
		return nil
	}
	isOwnTimer := until.Equal(due) // its time is over even if the clock was set back since the timer fired
	if !isOwnTimer && until.After(wf.Now) {
		return nil
	}
	cause, err := causeOfTimer(ctx, tx, c)
	if err != nil {
		return err
	}

	wf.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	wf.Log.ByParley(c, store.DeedWoke, nil)
	c.RefreshCard()
	isLate := wf.Now.Sub(*until) > lateAfter
	if isLate && (digests{wf}).add(c) {
		return nil
	}
	wf.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: cause}, Mentions: wf.Conversations.Owners(c)})
	return nil
}

// causeOfTimer returns what a thread says of a snooze that ends by its timer: whether the customer has written since it was set.
func causeOfTimer(ctx context.Context, tx pgx.Tx, c *book.Conversation) (bridge.WokenBy, error) {
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
