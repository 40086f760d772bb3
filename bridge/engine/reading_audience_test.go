package engine_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/bridge"
	"parley/bridge/engine"
	"parley/store"
)

// hungChat is a chat that never answers who is in a channel.
type hungChat struct {
	bridge.Surface

	asked atomic.Int32
}

func (c *hungChat) Audience(ctx context.Context, _ string) (bridge.Audience, error) {
	c.asked.Add(1)
	<-ctx.Done()
	return bridge.Audience{}, ctx.Err()
}

// office is a process that has connected the chat.
type readingOffice struct {
	engine.ReadingConnected

	chat      hungChat
	directory *engine.Directory
}

func (o *readingOffice) Directory() *engine.Directory { return o.directory }

func (o *readingOffice) Surface(store.AccountID) bridge.Surface { return &o.chat }

// A page asks a chat several times who may read what. While the chat hangs it waits once, for all channels together.
func TestAskAudiencesOfAHungChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slack := store.AccountID(9)
		private := func(id store.AccountID, channel string) store.Account {
			return store.Account{ID: id, Side: store.SideChannel, SurfaceID: &slack, SurfaceChannel: channel}
		}
		o := &readingOffice{directory: engine.NewDirectory(store.Directory{Accounts: []store.Account{private(1, "C1"), private(2, "C2"), private(3, "C3")}})}
		rd := engine.NewReading(engine.ReadingOptions{Connected: o, Log: slog.New(slog.DiscardHandler), AudienceAge: time.Hour})
		agent := &store.Agent{ID: 1}

		for _, ask := range []struct {
			after, waited time.Duration
			asked         int32 // in all
		}{
			{after: 0, waited: 3 * time.Second, asked: 3},
			{after: 11 * time.Second, waited: 0, asked: 3},
			{after: time.Minute, waited: 3 * time.Second, asked: 6},
		} {
			<-time.After(ask.after)
			began := time.Now() //nolint:forbidigo // the clock of the bubble
			rd.AskAudiences(t.Context(), agent)
			if waited := time.Since(began); waited != ask.waited || o.chat.asked.Load() != ask.asked {
				t.Errorf("after %s: waited %s, %d channels asked, want %s and %d", ask.after, waited, o.chat.asked.Load(), ask.waited, ask.asked)
			}
			if closed := rd.As(agent).Closed; len(closed) != 3 {
				t.Errorf("closed accounts: %v", closed)
			}
		}
	})
}
