package bridgetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
)

// Desk stands in for the engine in tests of surfaces, the connections to the chats in which agents work. It keeps
// what a surface hands in, and answers what the surface asks. Tests read it back by Accepted, Reports and similar
// methods.
//
//   - A fact is one thing that the chat told us, such as a message or a click. Its id is unique, so it counts once.
//   - A gap is a time in which events may have been missed. The surface calls Gap when one begins. It calls Filled
//     when it has read what it missed.
//   - A note is a value that a surface keeps with the engine under a key, so that it survives a restart.
//
// A Desk doesn't make forms: a test that opens one must say itself what the form is made from.
type Desk struct {
	changed emulator.Signal // of what follows

	mu       sync.Mutex
	facts    []channels.Fact
	attempts int             // calls of Accept
	refuse   error           // what Accept returns; nil means that it works
	posts    map[string]bool // our own posts: "m:{channel}:{message}"
	channels []string        // in which threads open
	threads  []bridge.Place  // of open conversations
	gaps     int             // calls of Gap
	filled   int             // calls of Filled
	reports  []channels.Condition
	replies  []string                   // see Replies
	notes    map[string]json.RawMessage // see Keep
}

// NewDesk makes a Desk whose threads open in channels.
func NewDesk(channels ...string) *Desk {
	return &Desk{posts: map[string]bool{}, notes: map[string]json.RawMessage{}, channels: channels}
}

// Accept keeps the facts whose ids are new. It returns the error of Refuse if there is one.
func (d *Desk) Accept(_ context.Context, facts ...channels.Fact) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attempts++
	if d.refuse != nil {
		d.changed.Poke()
		return d.refuse
	}

	for _, f := range facts {
		if !slices.ContainsFunc(d.facts, func(known channels.Fact) bool { return known.ExternalID == f.ExternalID }) {
			d.facts = append(d.facts, f)
		}
	}

	d.changed.Poke()
	return nil
}

// Refuse makes Accept fail with an error from now on; nil lets it work again.
func (d *Desk) Refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

// Attempts returns how often Accept was called.
func (d *Desk) Attempts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.attempts
}

// Attend is told that somebody begins to answer. It does nothing, since no test asks for it.
func (*Desk) Attend(bridge.ConversationID) {}

// Open lets threads open in a channel.
func (d *Desk) Open(channel string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels = append(d.channels, channel)
}

// Own remembers that a message is one of Parley's own posts, as the engine does when a post has succeeded.
func (d *Desk) Own(channel, message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posts["m:"+channel+":"+message] = true
}

// Seen returns which of the ids are those of facts that are kept, or of posts of our own.
func (d *Desk) Seen(_ context.Context, ids []string) (map[string]bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	for _, id := range ids {
		hasID := func(f channels.Fact) bool { return f.ExternalID == id }
		if d.posts[id] || slices.ContainsFunc(d.facts, hasID) {
			seen[id] = true
		}
	}
	return seen, nil
}

// Posted reports whether a message is a post of ours.
func (d *Desk) Posted(_ context.Context, at bridge.Place) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.posts["m:"+at.Channel+":"+at.Message], nil
}

// Accepted returns the facts that were accepted, in that order.
func (d *Desk) Accepted() []channels.Fact {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.facts)
}

// IDs returns the facts' ids, in order of acceptance, with the reason of those that are set aside.
func (d *Desk) IDs() (ids []string) {
	for _, f := range d.Accepted() {
		if f.Quarantine != "" {
			f.ExternalID += " (" + f.Quarantine + ")"
		}
		ids = append(ids, f.ExternalID)
	}
	return ids
}

// Number returns how many facts have ids that begin with a prefix.
func (d *Desk) Number(prefix string) (n int) {
	for _, f := range d.Accepted() {
		if strings.HasPrefix(f.ExternalID, prefix) {
			n++
		}
	}
	return n
}

// First waits for a fact whose id begins with a prefix, and returns the first one.
func (d *Desk) First(t *testing.T, prefix string) (first channels.Fact) {
	t.Helper()
	d.Wait(t, "a fact "+prefix+"…", func() bool {
		all := d.Accepted()
		i := slices.IndexFunc(all, func(f channels.Fact) bool { return strings.HasPrefix(f.ExternalID, prefix) })
		if i >= 0 {
			first = all[i]
		}
		return i >= 0
	})
	return first
}

// Wait waits until cond returns true. It is called at each change, without locks.
func (d *Desk) Wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer stop()
	if d.changed.Wait(ctx, cond) != nil {
		t.Fatalf("never: %s; facts: %s; gaps filled: %d", what, strings.Join(d.IDs(), " "), d.Fills())
	}
}

// Connected waits until the surface has filled at least n gaps since it was made.
func (d *Desk) Connected(t *testing.T, n int) {
	t.Helper()
	d.Wait(t, fmt.Sprintf("%d gaps are filled", n), func() bool { return d.Fills() >= n })
}

// Fills returns how many gaps the surface has filled.
func (d *Desk) Fills() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.filled
}

// Keep remembers a note; nil forgets it.
func (d *Desk) Keep(_ context.Context, key string, value json.RawMessage) error {
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

// Kept returns the notes.
func (d *Desk) Kept(context.Context) (map[string]json.RawMessage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.notes), nil
}

// StoreFile reads a file and forgets its content.
func (d *Desk) StoreFile(_ context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error) {
	sum := sha256.New()
	size, err = io.Copy(sum, io.LimitReader(r, maxBytes+1))
	if err == nil && size > maxBytes {
		err = bridge.ErrTooLarge
	}
	return hex.EncodeToString(sum.Sum(nil)), size, err
}

// MayReply lets everybody reply.
func (d *Desk) MayReply(context.Context, bridge.ConversationID, string, string, []bridge.SurfaceFile) error {
	return nil
}

// ReplyOpened notes that the form of a reply is open.
func (d *Desk) ReplyOpened(_ context.Context, conversation bridge.ConversationID, user string, at time.Time) error {
	d.keepReply("opened", conversation, user, at)
	return nil
}

// ReplyClosed notes that the form of a reply was closed.
func (d *Desk) ReplyClosed(_ context.Context, conversation bridge.ConversationID, user string, at time.Time) error {
	d.keepReply("closed", conversation, user, at)
	return nil
}

func (d *Desk) keepReply(what string, conversation bridge.ConversationID, user string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replies = append(d.replies, fmt.Sprintf("%s #%d %s %d", what, conversation, user, at.Unix()))
	d.changed.Poke()
}

// Replies returns which forms of replies were opened and closed, in order: "opened #12 U1 1767225600", with Unix
// seconds.
func (d *Desk) Replies() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.replies)
}

// Gap counts a gap: from now on the surface may have missed events.
func (d *Desk) Gap() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gaps++
	d.changed.Poke()
}

// Gaps returns how often something may have been missed.
func (d *Desk) Gaps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gaps
}

// Filled notes that the surface has read what it may have missed.
func (d *Desk) Filled() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.filled++
	d.changed.Poke()
}

// Report notes a condition.
func (d *Desk) Report(c channels.Condition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reports = append(d.reports, c)
	d.changed.Poke()
}

// Status returns the status that was reported last; "" before any.
func (d *Desk) Status() channels.ConditionStatus {
	reports := d.Reports()
	if len(reports) == 0 {
		return ""
	}
	return reports[len(reports)-1].Status
}

// Reports returns the conditions that were reported, the latest last.
func (d *Desk) Reports() []channels.Condition {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.reports)
}

// Channels returns the channels in which threads open.
func (d *Desk) Channels(context.Context) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.channels), nil
}

// OpenThread adds a thread to those of open conversations.
func (d *Desk) OpenThread(root bridge.Place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.threads = append(d.threads, root)
}

// OpenThreads returns the threads of open conversations.
func (d *Desk) OpenThreads(context.Context, time.Time) ([]bridge.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.threads), nil
}

// SurfaceDesk is what a Surface asks of the engine.
type SurfaceDesk interface {
	Accept(ctx context.Context, facts ...channels.Fact) error
	Seen(ctx context.Context, ids []string) (map[string]bool, error)
	Channels(ctx context.Context) ([]string, error)
	Gap()
	Filled()
	Report(c channels.Condition)
}
