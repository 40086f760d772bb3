package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"parley/bot/sweep"
	"parley/channels"
)

// history compares what Slack keeps with what is stored, for what its events didn't tell.
type history struct {
	*workspace

	directory *directory
	sweeper   *sweep.Sweeper
	links     *connections
	compared  sweepState
	span      time.Duration // how old a thread's root may be to be looked at
}

// sweepState remembers threads that were compared, so that a thread whose newest reply is
// one of ours that the desk doesn't know isn't read each time.
type sweepState struct {
	mu   sync.Mutex
	done map[string]string // channel and root → newest reply when it was read
}

func (st *sweepState) read(channel, root, latest string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.done[orderKey(channel, root)] == latest
}

func (st *sweepState) mark(channel, root, latest string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.done == nil || len(st.done) > 100_000 {
		st.done = map[string]string{}
	}
	st.done[orderKey(channel, root)] = latest
}

// catchUp makes one pass over all channels with threads of ours.
// Errors: the desk's, and Slack's but for channels that are closed to us.
func (h *history) catchUp(ctx context.Context, me *self) error {
	return h.sweeper.Channels(ctx, func(ctx context.Context, channel string) error {
		err := h.catchUpChannel(ctx, me, channel)
		switch codeOf(err) {
		case "channel_not_found", "not_in_channel", "is_archived", "missing_scope", noMethod:
			h.log.Warn("slack channel not readable", "channel", channel, "error", err)
			return nil
		}
		return err
	})
}

// catchUpChannel compares the channel's history with what is stored.
func (h *history) catchUpChannel(ctx context.Context, me *self, channel string) error {
	q := pageQuery{channel: channel, oldest: stamp(h.now().Add(-h.span))}
	for {
		page, err := h.page(ctx, q)
		if err != nil {
			return err
		}
		if err := h.comparePage(ctx, me, channel, page.Messages); err != nil {
			return err
		}
		if q.cursor = page.next(); q.cursor == "" {
			return nil
		}
	}
}

// comparePage stores what is missing at top level and reads the threads that changed.
func (h *history) comparePage(ctx context.Context, me *self, channel string, roots []kept) error {
	var typed []kept
	var ids []string
	since, holes := stamp(h.chatterSince()), stamp(h.holesSince())
	roots = slices.DeleteFunc(slices.Clone(roots), func(m kept) bool {
		if m.TS > since && m.Subtype != "tombstone" {
			typed = append(typed, m)
		}
		return !me.concerned(&m.message)
	})
	for _, m := range roots {
		if m.Subtype == "tombstone" {
			typed = append(typed, m)
		}
	}
	if err := h.storeMissing(ctx, me, channel, typed); err != nil {
		return err
	}
	for _, m := range roots {
		if m.Latest != "" {
			ids = append(ids, messageID(channel, m.Latest))
		}
	}
	known, err := h.sweeper.Seen(ctx, ids...)
	if err != nil {
		return err
	}
	for _, m := range roots {
		// A thread that moved since a gap began may miss replies though its newest one
		// is stored: that one came by the new connection, or later.
		complete := known[messageID(channel, m.Latest)] && m.Latest < holes
		if m.Latest == "" || complete || h.compared.read(channel, m.TS, m.Latest) {
			continue
		}
		if err := h.catchUpThread(ctx, me, channel, m.TS); err != nil {
			return err
		}
		h.compared.mark(channel, m.TS, m.Latest)
	}
	return nil
}

// concerned tells whether a thread is one of ours: under our card, or with a post of ours.
func (me *self) concerned(root *message) bool {
	return me.own(root) || slices.Contains(root.RepliedBy, me.User)
}

// chatterSince is from when on people's words at top level are of interest: they got no
// answer while we were away. Older ones would be answered far too late.
func (h *history) chatterSince() time.Time {
	since := h.now().Add(-time.Hour)
	if lost := h.links.lostAt(); !lost.IsZero() && lost.Before(since) {
		since = lost
	}
	return since
}

func (h *history) catchUpThread(ctx context.Context, me *self, channel, root string) error {
	q := pageQuery{channel: channel, thread: root}
	for {
		page, err := h.page(ctx, q)
		if code := codeOf(err); code == "thread_not_found" || code == "message_not_found" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.storeMissing(ctx, me, channel, page.Messages); err != nil {
			return err
		}
		if q.cursor = page.next(); q.cursor == "" {
			return nil
		}
	}
}

// storeMissing accepts, in the order of their stamps, messages and edits that are not
// stored, and deleted roots.
func (h *history) storeMissing(ctx context.Context, me *self, channel string, messages []kept) error {
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b kept) int { return cmp.Compare(a.TS, b.TS) })
	var found []channels.Fact
	for _, m := range messages {
		for _, body := range m.missed(me, channel) {
			found = append(found, h.directory.naming(ctx, me, body).splitEvent(kindCatchUp, body).facts...)
		}
	}
	ids := make([]string, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.ExternalID)
	}
	known, err := h.sweeper.Seen(ctx, ids...)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(f channels.Fact) bool { return known[f.ExternalID] })
	return h.sweeper.Accept(ctx, found)
}

// missed gives the events that Slack should have sent about m: its posting and, when it was
// edited, its edit. Nothing for our own.
func (k *kept) missed(me *self, channel string) [][]byte {
	if k.TS == "" || me.own(&k.message) {
		return nil
	}
	if k.Subtype == "tombstone" {
		return [][]byte{synthetic(me, channel, map[string]any{"type": "message", "subtype": "message_changed", "channel": channel, "message": k.raw})}
	}
	if !spoken(k.Subtype) {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(k.raw, &fields) != nil {
		return nil
	}
	ev := map[string]any{}
	for name, value := range fields {
		ev[name] = value
	}
	ev["type"], ev["channel"] = "message", channel
	out := [][]byte{synthetic(me, channel, ev)}
	if k.Edited != nil {
		out = append(out, synthetic(me, channel, map[string]any{"type": "message", "subtype": "message_changed", "channel": channel, "message": k.raw}))
	}
	return out
}

// holesSince is from when on a thread may lack replies that are older than its newest
// one; the future where there is no gap.
func (h *history) holesSince() time.Time {
	switch since, open := h.sweeper.Gap(); {
	case !open:
		return h.now().Add(time.Hour)
	case since.IsZero():
		return h.now().Add(-time.Hour)
	default:
		return since.Add(-lookBack)
	}
}
