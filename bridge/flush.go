package bridge

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// flush writes what the use cases changed, a statement a table.
func (w *work) flush(ctx context.Context, tx pgx.Tx) error {
	steps := []func(context.Context, pgx.Tx) error{
		w.flushConversations, w.flushThreads, w.flushMessages, w.flushLanes, w.flushDeliveries, w.flushTimers,
		func(ctx context.Context, tx pgx.Tx) error { return store.InsertLog(ctx, tx, w.log) },
		w.flushIdentities, w.flushTags,
	}
	for _, step := range steps {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) flushConversations(ctx context.Context, tx pgx.Tx) error {
	var fresh, changed []store.Conversation
	for _, id := range keys(w.convs) {
		switch c := w.convs[id]; {
		case c.fresh:
			fresh = append(fresh, *c.Conversation)
		case c.dirty:
			changed = append(changed, *c.Conversation)
		}
	}
	if err := store.InsertConversations(ctx, tx, fresh); err != nil {
		return err
	}
	return store.UpdateConversations(ctx, tx, changed)
}

func (w *work) flushThreads(ctx context.Context, tx pgx.Tx) error {
	var threads []store.Thread
	for _, id := range keys(w.convs) {
		for _, t := range w.convs[id].threads {
			if t.dirty {
				threads = append(threads, t.Thread)
			}
		}
	}
	if err := store.UpsertThreads(ctx, tx, threads); err != nil {
		return err
	}
	var posts []store.Post
	for k := range w.dirtyPosts {
		posts = append(posts, *w.posts[k])
	}
	return store.UpsertPosts(ctx, tx, posts)
}

func (w *work) flushMessages(ctx context.Context, tx pgx.Tx) error {
	var fresh, changed []store.Message
	for _, id := range keys(w.messages) {
		switch m := w.messages[id]; {
		case m.fresh:
			fresh = append(fresh, m.Message)
		case m.dirty:
			changed = append(changed, m.Message)
		}
	}
	if err := store.InsertMessages(ctx, tx, fresh); err != nil {
		return err
	}
	if err := store.UpdateMessages(ctx, tx, changed); err != nil {
		return err
	}
	if err := store.InsertExternalIDs(ctx, tx, w.newExternal); err != nil {
		return err
	}
	return store.MoveExternalIDs(ctx, tx, w.moved)
}

// flushLanes gives new lanes their gates, then writes lanes.
func (w *work) flushLanes(ctx context.Context, tx pgx.Tx) error {
	if err := w.resolveGates(ctx, tx); err != nil {
		return err
	}
	var fresh, changed []store.Lane
	for _, id := range keys(w.lanes) {
		switch l := w.lanes[id]; {
		case l.fresh:
			fresh = append(fresh, l.Lane)
		case l.dirty:
			changed = append(changed, l.Lane)
		}
	}
	made, err := store.InsertLanes(ctx, tx, fresh)
	if err != nil {
		return err
	}
	if made < len(fresh) {
		return relay.ErrNotYet // another transaction made it first: what we put into ours would be lost
	}
	return store.UpdateLanes(ctx, tx, changed)
}

// resolveGates finds or makes the gates of new lanes. Only what was there before is
// remembered: a gate made here may not outlive this transaction. All in this
// transaction: one that waited for a second connection would wait for ever when all do.
func (w *work) resolveGates(ctx context.Context, tx pgx.Tx) error {
	missing := w.missingGates()
	if len(missing) == 0 {
		w.setGates()
		return nil
	}
	found, err := store.FindGates(ctx, tx, missing)
	if err != nil {
		return err
	}
	for _, g := range found {
		w.e.keepGate(g)
	}
	if missing = w.missingGates(); len(missing) > 0 {
		made, err := store.UpsertGates(ctx, tx, missing)
		if err != nil {
			return err
		}
		for _, g := range made {
			w.gates[laneKey{g.AccountID, g.Key}].ID = g.ID
		}
	}
	w.setGates()
	return nil
}

// missingGates fills in the ids that are remembered and gives the others.
func (w *work) missingGates() []store.Gate {
	var rows []store.Gate
	for _, g := range w.gates {
		if id, ok := w.e.gateID(*g); ok {
			g.ID = id
			continue
		}
		rows = append(rows, *g)
	}
	return rows
}

func (w *work) setGates() {
	for _, l := range w.lanes {
		if l.gate != nil && l.GateID != l.gate.ID {
			l.GateID = l.gate.ID
		}
	}
}

func (w *work) flushDeliveries(ctx context.Context, tx pgx.Tx) error {
	for _, s := range w.shifts {
		if err := store.ShiftDeliveries(ctx, tx, s.lane, s.seq); err != nil {
			return err
		}
	}
	var fresh, changed []store.Delivery
	for _, id := range keys(w.deliveries) {
		switch d := w.deliveries[id]; {
		case d.fresh:
			fresh = append(fresh, d.Delivery)
		case d.dirty:
			changed = append(changed, d.Delivery)
		}
	}
	if err := store.UpdateDeliveries(ctx, tx, changed); err != nil {
		return err
	}
	return store.InsertDeliveries(ctx, tx, fresh)
}

func (w *work) flushTimers(ctx context.Context, tx pgx.Tx) error {
	var set, cancel []store.Timer
	for _, t := range w.setTimers {
		set = append(set, t)
	}
	for _, t := range w.cancelTimers {
		cancel = append(cancel, t)
	}
	if err := store.CancelTimers(ctx, tx, cancel); err != nil {
		return err
	}
	if err := store.AddOverdue(ctx, tx, w.overdue); err != nil {
		return err
	}
	return store.SetTimers(ctx, tx, set)
}

func (w *work) flushIdentities(ctx context.Context, tx pgx.Tx) error {
	var rows []store.Identity
	for id := range w.dirtyIdentities {
		rows = append(rows, *w.identities[id])
	}
	return store.UpdateIdentities(ctx, tx, rows)
}

func (w *work) flushTags(ctx context.Context, tx pgx.Tx) error {
	var rows []store.Tag
	for name := range w.newTags {
		rows = append(rows, store.Tag{Name: name, Color: tagColor(name)})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := store.InsertTags(ctx, tx, rows); err != nil {
		return err
	}
	return store.BumpSettings(ctx, tx)
}
