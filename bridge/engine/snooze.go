package engine

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/when"
	"parley/store"
)

const (
	overdueAfter = 10 * time.Minute // a snooze that wakes later than this was missed
	digestWait   = 3 * time.Second  // how long missed snoozes are collected before people are told
)

// pauseOrWake does pending, snooze and wake.
func (w *work) pauseOrWake(r request) {
	switch r.Verb {
	case bridge.VerbPending:
		if r.conv.status() == bridge.StatusSnoozed {
			w.endSnooze(r.conv)
		}
		r.conv.Status, r.conv.WaitingSince = string(bridge.StatusPending), nil
		w.log.byAgent(r.conv, r.agent, store.DeedSetPending, nil)
	case bridge.VerbSnooze:
		w.snooze(r)
	case bridge.VerbWake:
		if r.conv.status() != bridge.StatusSnoozed {
			w.refuse(r, "not_snoozed", "This conversation is not snoozed.", "")
			return
		}
		w.endSnooze(r.conv)
		r.conv.Status = string(bridge.StatusOpen)
		w.keepStatus(r.conv)
		w.log.byAgent(r.conv, r.agent, store.DeedWoke, nil)
	}
	r.conv.refreshCard()
}

// snooze hides the conversation until a time, in the agent's zone.
func (w *work) snooze(r request) {
	c, agent, surface, a := r.conv, r.agent, r.surface, r.Action
	zone := w.dir.Zone(agent)
	until, err := when.Parse(a.Args.Until, w.now, zone)
	if err != nil {
		text, hint := err.Error(), ""
		if said := (*when.Error)(nil); errors.As(err, &said) {
			text, hint = said.Text, said.Hint
		}
		w.refuse(r, "bad_time", text, hint)
		return
	}
	c.Status, c.SnoozedUntil = string(bridge.StatusSnoozed), &until
	w.keepStatus(c) // it is open when it comes back
	w.timers.start(store.Timer{ConversationID: c.ID, Kind: ownSnooze, DueAt: until})
	w.log.byAgent(c, agent, store.DeedSnoozed, detail{Text: until.In(zone).Format("2006-01-02 15:04 MST")})
	w.confirm(c, surface, a, bridge.Line{Content: &bridge.SnoozedLine{Until: until},
		By: w.dir.Ref(surface, agent.ID), Verbs: []bridge.Verb{bridge.VerbWake},
		Args: bridge.Args{Conversation: c.ID}})
}

// endSnooze stops the timer with its cause.
func (w *work) endSnooze(c *conv) {
	c.SnoozedUntil = nil
	w.timers.stop(store.Timer{ConversationID: c.ID, Kind: ownSnooze, DueAt: w.now})
	c.touch()
}

// snoozeOver brings a conversation back. due is compared as well as the clock, which may have stepped
// back since the timer fired.
func (w *work) snoozeOver(c *conv, due time.Time) {
	if c.status() != bridge.StatusSnoozed || c.SnoozedUntil == nil || c.SnoozedUntil.After(w.now) && !c.SnoozedUntil.Equal(due) {
		return // woken or snoozed anew in the meantime
	}
	late := w.now.Sub(*c.SnoozedUntil) > overdueAfter
	c.Status, c.SnoozedUntil = string(bridge.StatusOpen), nil
	w.log.byParley(c, store.DeedWoke, nil)
	c.refreshCard()
	if late && len(c.Assignees) > 0 {
		w.tellLater(c)
		return
	}
	w.line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByTime}, Mentions: w.convs.owners(c)})
}

// tellLater puts an overdue conversation into its owners' digest: after a
// downtime one message tells an agent of all.
func (w *work) tellLater(c *conv) {
	for _, agent := range c.Assignees {
		w.timers.overdue = append(w.timers.overdue, store.Overdue{AgentID: agent, ConversationID: c.ID})
	}
	w.timers.start(store.Timer{Kind: ownDigest, DueAt: w.now.Add(digestWait)})
}

// digest tells each agent which snoozes ended while Parley was down.
func (w *work) digest(ctx context.Context, tx pgx.Tx) error {
	rows, err := store.TakeOverdue(ctx, tx)
	if err != nil {
		return err
	}
	byAgent := map[int64][]int64{}
	for _, r := range rows {
		byAgent[r.AgentID] = append(byAgent[r.AgentID], r.ConversationID)
	}
	for _, agent := range keys(byAgent) {
		threads, err := store.Threads(ctx, tx, byAgent[agent])
		if err != nil {
			return err
		}
		var first int64
		if len(threads) > 0 {
			first = threads[0].AccountID
		}
		surface := w.reach(agent, first)
		facts, err := w.e.facts(ctx, tx, surface, w.dir.Agent(agent), byAgent[agent]...)
		if err != nil {
			return err
		}
		w.direct(surface, agent, bridge.Line{Content: &bridge.ListLine{List: "woke", Rows: facts}})
	}
	return nil
}
