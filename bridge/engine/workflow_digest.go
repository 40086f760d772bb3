package engine

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// When the snooze of a conversation ends, a line in its thread normally mentions the owners. If Parley was down
// over a weekend, hundreds of snoozes end at once when it is back. To keep these lines from flooding the
// threads, each owner gets one direct message that lists the conversations: a digest.

const (
	workflowLateAfter = 10 * time.Minute // a snooze that ends with a longer delay goes into a digest
	digestWait        = 3 * time.Second  // how long a digest waits for more snoozes
)

// addToDigests adds a conversation to the digests of its owners. It returns false if no owner gets one, because all are
// away or can't get direct messages.
func (w *work) addToDigests(c *Conversation) bool {
	isAdded := false
	for _, agent := range c.Assignees {
		canBeTold := w.SurfaceToTell(agent, AnySurface) != AnySurface
		if canBeTold && !w.Dir.IsAway(agent) && w.Reading.As(w.Dir.Agent(agent)).May(c.Conversation) {
			w.Timers.Overdue = append(w.Timers.Overdue, store.Overdue{AgentID: agent, ConversationID: c.ID})
			isAdded = true
		}
	}
	if isAdded {
		w.Timers.Start(store.Timer{Kind: Digest, DueAt: w.Now.Add(digestWait)})
	}
	return isAdded
}

// Digest sends the digests that are due.
// Errors: the database's.
func (w *work) Digest(ctx context.Context, tx pgx.Tx) error {
	rows, err := store.TakeOverdue(ctx, tx)
	if err != nil {
		return err
	}
	byAgent := map[store.AgentID][]store.ConversationID{}
	for _, r := range rows {
		byAgent[r.AgentID] = append(byAgent[r.AgentID], r.ConversationID)
	}
	for _, agent := range SortedKeys(byAgent) {
		if err := w.sendDigest(ctx, tx, agent, byAgent[agent]); err != nil {
			return err
		}
	}
	return nil
}

// sendDigest sends an agent a digest, if possible in the chat in which the conversations are.
func (w *work) sendDigest(ctx context.Context, tx pgx.Tx, agent store.AgentID, conversations []store.ConversationID) error {
	inThreads, err := store.Threads(ctx, tx, conversations)
	if err != nil {
		return err
	}
	preferred := AnySurface
	if len(inThreads) > 0 {
		preferred = inThreads[0].AccountID
	}

	surface := w.SurfaceToTell(agent, preferred)
	reader := w.Dir.Agent(agent)
	rows, err := store.Conversations(ctx, tx, conversations...)
	if err != nil || reader == nil {
		return err
	}
	mayNot := func(id store.ConversationID) bool {
		return !slices.ContainsFunc(rows, func(c store.Conversation) bool { return c.ID == id && w.Reading.As(reader).May(&c) })
	}
	facts, err := w.Reading.Facts(ctx, tx, surface, reader, slices.DeleteFunc(conversations, mayNot)...)
	if err != nil {
		return err
	}
	for _, list := range []bridge.ListName{bridge.ListWoke, bridge.ListLate} {
		rows := slices.DeleteFunc(slices.Clone(facts), func(f bridge.Facts) bool { return w.isLate(f) != (list == bridge.ListLate) })
		if len(rows) > 0 {
			w.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: list, Rows: rows}})
		}
	}
	return nil
}

// ListedInDigest returns the conversations that a delivery lists if it is a digest, and otherwise nil.
func ListedInDigest(d *store.Delivery) (ids []store.ConversationID) {
	if d.Kind != string(bridge.PostLine) || d.MessageID != 0 {
		return nil
	}
	line := PayloadOf(d).Line
	if line == nil {
		return nil
	}
	list, isList := line.Content.(*bridge.ListLine)
	if !isList || list.List != bridge.ListWoke && list.List != bridge.ListLate {
		return nil
	}
	for _, row := range list.Rows {
		ids = append(ids, row.ID)
	}
	return ids
}

// TellDigestLost posts in a conversation's thread that its snooze is over, or that its customer waits too long, because a
// digest that says so can't be delivered: its reader has blocked direct messages, for example. It does nothing if the conversation has been
// snoozed again or has ended since.
func TellDigestLost(w *work, c *Conversation) {
	if c.BridgeStatus() == bridge.StatusSnoozed || !c.BridgeStatus().Open() {
		return
	}
	if due := w.dueOf(c, w.targetOf(c, ReplyDue)); !due.IsZero() && !due.After(w.Now) {
		w.tellTeamLate(c, &bridge.LateLine{Due: due})
		return
	}
	w.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByTime}, Mentions: w.Conversations.Owners(c)})
}
