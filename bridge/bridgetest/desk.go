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

// SurfaceDesk is what Surface needs of the engine.
type SurfaceDesk interface {
	Accept(ctx context.Context, facts ...channels.Fact) error
	KnownFacts(ctx context.Context, ids []string) (map[string]bool, error)
	Channels(ctx context.Context) ([]string, error)
	Gap()
	Filled()
	Report(c channels.Condition)
}

// Desk is a fake engine for tests of surfaces, which are the integrations of the chats in which agents work. It records what
// a surface reports and returns canned answers to its questions. A test then waits for a record:
//
//	desk := NewDesk("C0SUPPORT")
//	surface := NewSurface(chat.URL(), desk, 0)
//	// … the surface runs, and Ann types in the chat …
//	fact := desk.First(t, "m:") // the message that the surface reported
//
// Each embedded part covers one subject. It has the methods that the surface calls, and methods for the test to read what
// was called. Desk has no methods for what forms show; tests of forms embed it and add them.
type Desk struct {
	changed *emulator.Signal // poked by the parts to wake Wait

	deskFacts
	deskPlaces
	deskGaps
	deskNotes
	deskReplies
	deskConditions
}

// NewDesk returns a Desk. channels are those in which threads of conversations are opened.
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

// Wait waits until cond returns true, and fails the test after a long time. what describes the condition. cond is called
// after each change, without locks.
func (d *Desk) Wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer stop()
	if d.changed.Wait(ctx, cond) != nil {
		t.Fatalf("never: %s; facts: %s; gaps filled: %d", what, strings.Join(d.IDs(), " "), d.Fills())
	}
}

// First waits for a fact whose id begins with prefix, and returns the first one.
func (d *Desk) First(t *testing.T, prefix string) channels.Fact {
	t.Helper()
	var first channels.Fact
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

// Connected waits until the surface has filled n gaps. A surface fills one each time that it connects: it reads what it may
// have missed.
func (d *Desk) Connected(t *testing.T, n int) {
	t.Helper()
	d.Wait(t, fmt.Sprintf("%d gaps are filled", n), func() bool { return d.Fills() >= n })
}

// Attend does nothing. In the engine it notes that somebody begins to answer.
func (*Desk) Attend(bridge.ConversationID) {}

// StoreFile reads a file and discards its content. The blob that it returns is a hash of the content.
func (*Desk) StoreFile(_ context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error) {
	sum := sha256.New()
	size, err = io.Copy(sum, io.LimitReader(r, maxBytes+1))
	if err == nil && size > maxBytes {
		err = bridge.ErrTooLarge
	}
	return hex.EncodeToString(sum.Sum(nil)), size, err
}
