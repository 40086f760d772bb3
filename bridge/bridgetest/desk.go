package bridgetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
)

// SurfaceDesk is what a Surface asks of the engine.
type SurfaceDesk interface {
	Accept(ctx context.Context, facts ...channels.Fact) error
	KnownFacts(ctx context.Context, ids []string) (map[string]bool, error)
	Channels(ctx context.Context) ([]string, error)
	Gap()
	Filled()
	Report(c channels.Condition)
}

// Desk stands in for the engine in tests of surfaces, the connections to the chats in which agents work. It keeps
// what a surface hands in, and answers what the surface asks. Each of its parts is one subject: it has the methods
// that the surface calls, and those by which a test reads back what was called.
//
// A Desk doesn't make forms: a test that opens one must say itself what the form is made from.
type Desk struct {
	changed *emulator.Signal // poked by the parts; Wait looks again then

	deskFacts
	deskPlaces
	deskGaps
	deskNotes
	deskReplies
	deskConditions
}

// NewDesk makes a Desk whose threads open in channels.
func NewDesk(channels ...string) *Desk {
	changed := &emulator.Signal{}
	return &Desk{
		changed:        changed,
		deskFacts:      deskFacts{changed: changed, posts: map[string]bool{}},
		deskPlaces:     deskPlaces{channels: channels},
		deskGaps:       deskGaps{changed: changed},
		deskNotes:      deskNotes{changed: changed, notes: map[string]json.RawMessage{}},
		deskReplies:    deskReplies{changed: changed},
		deskConditions: deskConditions{changed: changed},
	}
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

// Connected waits until the surface has filled at least n gaps since it was made.
func (d *Desk) Connected(t *testing.T, n int) {
	t.Helper()
	d.Wait(t, fmt.Sprintf("%d gaps are filled", n), func() bool { return d.Fills() >= n })
}

// Attend is told that somebody begins to answer. It does nothing, since no test asks for it.
func (*Desk) Attend(bridge.ConversationID) {}

// StoreFile reads a file and forgets its content.
func (*Desk) StoreFile(_ context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error) {
	sum := sha256.New()
	size, err = io.Copy(sum, io.LimitReader(r, maxBytes+1))
	if err == nil && size > maxBytes {
		err = bridge.ErrTooLarge
	}
	return hex.EncodeToString(sum.Sum(nil)), size, err
}
