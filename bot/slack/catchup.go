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

// history finds what no event told: it compares the messages that Slack keeps with those that are stored.
type history struct {
	*workspace

	directory *directory
	sweeper   *sweep.Sweeper
	compared  sweepState
	span      time.Duration // threads whose root is older are not looked at
}

// sweepState remembers which threads were compared, and up to which reply. Without it a thread whose
// newest reply is a post of ours that the desk doesn't know would be read in each pass.
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
// Errors: the desk's, and Slack's. A channel that the app may not read is only logged.
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
	holes := stamp(h.holesSince())
	// What people typed at top level in a gap got no answer; older texts would be answered far too late.
	since := min(stamp(h.now().Add(-time.Hour)), holes)
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
		// A thread with a reply since a gap began may lack earlier replies, even if its newest one
		// is stored: the newest one may have come after the gap.
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

// missed gives the events that Slack should have sent about a message: that it was posted and, if it
// was edited, the edit. For our own messages it gives none.
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

// holesSince is the time from which a thread may lack replies that are older than its newest one. It
// lies in the future while there is no gap.
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
