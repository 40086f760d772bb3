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

// This file has the smaller parts of Desk, the fake engine in tests of surfaces (the integrations of chats). Each part has
// the methods that a surface calls, and methods with which a test reads what was called.

// deskPlaces says where threads are.
type deskPlaces struct {
	mu       sync.Mutex
	channels []string       // channels in which threads are opened
	threads  []bridge.Place // roots of the threads of open conversations
}

// Open adds a channel to Channels.
func (d *deskPlaces) Open(channel string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels = append(d.channels, channel)
}

// Channels returns the channels in which threads are opened.
func (d *deskPlaces) Channels(context.Context) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.channels), nil
}

// OpenThread adds a thread to OpenThreads.
func (d *deskPlaces) OpenThread(root bridge.Place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.threads = append(d.threads, root)
}

// OpenThreads returns the roots of the threads of open conversations.
func (d *deskPlaces) OpenThreads(context.Context, time.Time) ([]bridge.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.threads), nil
}

// deskGaps counts gaps, which are times in which the surface may have missed events of its chat.
type deskGaps struct {
	changed *emulator.Signal

	mu     sync.Mutex
	begun  int
	filled int
}

// Gap reports the beginning of a gap.
func (d *deskGaps) Gap() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun++
	d.changed.Poke()
}

// Filled reports that the surface has read the events that it may have missed.
func (d *deskGaps) Filled() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.filled++
	d.changed.Poke()
}

// Gaps returns the number of calls of Gap.
func (d *deskGaps) Gaps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// Fills returns the number of calls of Filled.
func (d *deskGaps) Fills() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.filled
}

// deskNotes is a key-value store, in which a surface keeps what must survive a restart.
type deskNotes struct {
	changed *emulator.Signal

	mu    sync.Mutex
	notes map[string]json.RawMessage
}

// Keep stores a value, or deletes it if value is nil.
func (d *deskNotes) Keep(_ context.Context, key string, value json.RawMessage) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.changed.Poke()
	if value == nil {
		delete(d.notes, key)
		return nil
	}
	d.notes[key] = value
	return nil
}

// ListKept returns all values by key.
func (d *deskNotes) ListKept(context.Context) (map[string]json.RawMessage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.notes), nil
}

// deskReplies records which reply forms agents open and close.
type deskReplies struct {
	changed *emulator.Signal

	mu      sync.Mutex
	replies []string // see Replies
}

// MayReply allows every reply.
func (*deskReplies) MayReply(context.Context, bridge.ConversationID, bridge.SurfaceUser, string, []bridge.SurfaceFile) error {
	return nil
}

// ReplyOpened reports that an agent opened a reply form.
func (d *deskReplies) ReplyOpened(_ context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error {
	d.keepReply("opened", conversation, user, at)
	return nil
}

// ReplyClosed reports that an agent closed a reply form.
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

// Replies returns the calls of ReplyOpened and ReplyClosed in order: "opened #12 U1 1767225600", with the time in Unix
// seconds.
func (d *deskReplies) Replies() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.replies)
}

// deskConditions records the conditions of the surface, such as "connected" or "token revoked".
type deskConditions struct {
	changed *emulator.Signal

	mu      sync.Mutex
	reports []channels.Condition
}

// Report reports a condition.
func (d *deskConditions) Report(c channels.Condition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reports = append(d.reports, c)
	d.changed.Poke()
}

// Reports returns the reported conditions in order.
func (d *deskConditions) Reports() []channels.Condition {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.reports)
}

// Status returns the status of the last report, or "" if there is none.
func (d *deskConditions) Status() channels.ConditionStatus {
	reports := d.Reports()
	if len(reports) == 0 {
		return ""
	}
	return reports[len(reports)-1].Status
}
