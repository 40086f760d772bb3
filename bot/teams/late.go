package teams

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
)

// Teams delivers each message on its own, and tries again later if that fails. So a customer could get an agent's
// second message before the first. This file notices messages that came late, and then reads the thread with Graph,
// so that the earlier messages are stored first.

// readEarlierTimeout bounds the reading of earlier messages before a late one. It is short because Teams waits for
// our answer meanwhile.
const readEarlierTimeout = 4 * time.Second

// storeEarlierMessages is called before a message is stored. If the message came late, it reads the thread and stores
// the earlier messages that are missing. One of them may still be on its way, and would arrive after the late one has
// been sent to the customer. If the thread can't be read, it announces a gap, so that replies wait.
func (d *door) storeEarlierMessages(ctx context.Context, a *connector.Activity) {
	sent := a.At()
	isChannelMessage := a.Type == connector.TypeMessage && fact.IsInChannel(a)
	if !isChannelMessage || sent.IsZero() {
		return
	}
	now := d.Now()
	if isLate := d.lateness.RecordArrival(now, now.Sub(sent)); !isLate {
		return
	}

	at := fact.PlaceOf(a)
	if at.Thread == "" || at.Thread == at.Message {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, readEarlierTimeout)
	defer cancel()

	if err := d.history.readThreadBefore(ctx, at); err != nil {
		d.Log.Info("teams thread of a late message not read", "channel", at.Channel, "error", err)
		d.sweeper.CatchUpSoon(sent.Add(-activityTimeout)) // replies wait until the catch-up has read all
	}
}

// readThreadBefore reads the thread of a message, and stores what is missing from before that message. If we may not
// read the thread, it stores nothing and returns nil.
func (h *history) readThreadBefore(ctx context.Context, at bridge.Place) error {
	m, err := organisation.ReadPatiently(ctx, h.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return h.Graph.Message(ctx, threadOf(group, at), fact.Root(at))
	})
	if err == nil {
		err = h.readReplies(ctx, at.Channel, &m, "")
	}
	if errors.Is(err, graph.ErrNotGranted) || organisation.IsInaccessible(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if !h.hasOurPost(&m) { // the thread doesn't concern us
		return nil
	}

	m.Replies = slices.DeleteFunc(m.Replies, func(r graph.Message) bool { return compareIDs(r.ID, at.Message) >= 0 })
	_, err = h.catchUpThread(ctx, at.Channel, &m)
	return err
}
