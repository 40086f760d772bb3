package bridgetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
)

// deskPlaces is the Desk's part that knows where threads are.
type deskPlaces struct {
	mu       sync.Mutex
	channels []string       // in which threads open
	threads  []bridge.Place // of open conversations
}

// Open lets threads open in a channel.
func (d *deskPlaces) Open(channel string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels = append(d.channels, channel)
}

// Channels returns the channels in which threads open.
func (d *deskPlaces) Channels(context.Context) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.channels), nil
}

// OpenThread adds a thread to those of open conversations.
func (d *deskPlaces) OpenThread(root bridge.Place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.threads = append(d.threads, root)
}

// OpenThreads returns the threads of open conversations.
func (d *deskPlaces) OpenThreads(context.Context, time.Time) ([]bridge.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.threads), nil
}

// deskGaps is the Desk's part that counts gaps: times in which the surface may have missed events of the chat.
type deskGaps struct {
	changed *emulator.Signal

	mu     sync.Mutex
	begun  int
	filled int
}

// Gap counts a gap: from now on the surface may have missed events.
func (d *deskGaps) Gap() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun++
	d.changed.Poke()
}

// Filled notes that the surface has read what it may have missed.
func (d *deskGaps) Filled() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.filled++
	d.changed.Poke()
}

// Gaps returns how many gaps have begun.
func (d *deskGaps) Gaps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// Fills returns how many gaps the surface has filled.
func (d *deskGaps) Fills() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.filled
}

// deskNotes is the Desk's part for notes: values that a surface keeps under keys, so that they survive a restart.
type deskNotes struct {
	changed *emulator.Signal

	mu    sync.Mutex
	notes map[string]json.RawMessage
}

// Keep remembers a note; nil forgets it.
func (d *deskNotes) Keep(_ context.Context, key string, value json.RawMessage) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if value == nil {
		delete(d.notes, key)
	} else {
		d.notes[key] = value
	}
	d.changed.Poke()
	return nil
}

// ListKept returns the notes.
func (d *deskNotes) ListKept(context.Context) (map[string]json.RawMessage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.notes), nil
}

// deskReplies is the Desk's part for forms in which agents write replies.
type deskReplies struct {
	changed *emulator.Signal

	mu      sync.Mutex
	replies []string // see Replies
}

// MayReply lets everybody reply.
func (*deskReplies) MayReply(context.Context, bridge.ConversationID, bridge.SurfaceUser, string, []bridge.SurfaceFile) error {
	return nil
}

// ReplyOpened notes that the form of a reply is open.
func (d *deskReplies) ReplyOpened(_ context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error {
	d.keepReply("opened", conversation, user, at)
	return nil
}

// ReplyClosed notes that the form of a reply was closed.
func (d *deskReplies) ReplyClosed(_ context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error {
	d.keepReply("closed", conversation, user, at)
	return nil
}

func (d *deskReplies) keepReply(what string, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replies = append(d.replies, fmt.Sprintf("%s #%d %s %d", what, conversation, user, at.Unix()))
	d.changed.Poke()
}

// Replies returns which forms of replies were opened and closed, in order: "opened #12 U1 1767225600", with Unix
// seconds.
func (d *deskReplies) Replies() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.replies)
}

// deskConditions is the Desk's part for reports of how the surface does: connected, or why not.
type deskConditions struct {
	changed *emulator.Signal

	mu      sync.Mutex
	reports []channels.Condition
}

// Report notes a condition.
func (d *deskConditions) Report(c channels.Condition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reports = append(d.reports, c)
	d.changed.Poke()
}

// Reports returns the conditions that were reported, the latest last.
func (d *deskConditions) Reports() []channels.Condition {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.reports)
}

// Status returns the status that was reported last; "" before any.
func (d *deskConditions) Status() channels.ConditionStatus {
	reports := d.Reports()
	if len(reports) == 0 {
		return ""
	}
	return reports[len(reports)-1].Status
}
