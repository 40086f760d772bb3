package bridge

import (
	"errors"

	"parley/bridge/when"
	"parley/store"
)

// pauseOrWake does pending, snooze and wake.
func (w *work) pauseOrWake(c *conv, agent *store.Agent, surface int64, a Action) {
	if !c.status().Open() {
		w.refuse(c, surface, a, "not_open", "This conversation is "+c.Status+".", "Reopen it first: !reopen")
		return
	}
	switch a.Verb {
	case VerbPending:
		if c.status() == StatusSnoozed {
			w.endSnooze(c)
		}
		c.Status, c.WaitingSince = string(StatusPending), nil
		w.logAgent(c, agent, "set pending", nil)
	case VerbSnooze:
		w.snooze(c, agent, surface, a)
	case VerbWake:
		if c.status() != StatusSnoozed {
			w.refuse(c, surface, a, "not_snoozed", "This conversation is not snoozed.", "")
			return
		}
		w.endSnooze(c)
		c.Status = string(StatusOpen)
		w.logAgent(c, agent, "woke", nil)
	}
	w.card(c)
}

// snooze hides the conversation until a time, in the agent's zone.
func (w *work) snooze(c *conv, agent *store.Agent, surface int64, a Action) {
	zone := w.dir.zone(agent)
	until, err := when.Parse(a.Args.Until, w.now, zone)
	if err != nil {
		text, hint := err.Error(), ""
		if said := (*when.Error)(nil); errors.As(err, &said) {
			text, hint = said.Text, said.Hint
		}
		w.refuse(c, surface, a, "bad_time", text, hint)
		return
	}
	c.Status, c.SnoozedUntil = string(StatusSnoozed), &until
	k := timerKey{c.ID, ownSnooze}
	delete(w.cancelTimers, k)
	w.setTimers[k] = store.Timer{ConversationID: c.ID, Kind: ownSnooze, DueAt: until}
	w.logAgent(c, agent, "snoozed", detail{Text: until.In(zone).Format("2006-01-02 15:04 MST")})
	w.confirm(c, surface, a, Line{Kind: LineSnoozed, By: w.dir.ref(surface, agent.ID), Until: until, Verbs: []Verb{VerbWake},
		Args: Args{Conversation: c.ID}})
}

// endSnooze stops the timer with its cause.
func (w *work) endSnooze(c *conv) {
	c.SnoozedUntil = nil
	k := timerKey{c.ID, ownSnooze}
	delete(w.setTimers, k)
	w.cancelTimers[k] = store.Timer{ConversationID: c.ID, Kind: ownSnooze, DueAt: w.now}
	c.touch()
}

// snoozeOver brings a conversation back at its time.
func (w *work) snoozeOver(c *conv) {
	if c.status() != StatusSnoozed || c.SnoozedUntil == nil || c.SnoozedUntil.After(w.now) {
		return // woken or snoozed anew in the meantime
	}
	c.Status, c.SnoozedUntil = string(StatusOpen), nil
	w.logParley(c, "woke", nil)
	w.line(c, Line{Kind: LineWoke, Mentions: w.owners(c), Reason: "time"})
	w.card(c)
}
