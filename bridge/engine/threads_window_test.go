package engine

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// chatWindow is a chat in which replies may be sent for a day.
type chatWindow struct{ channels.Channel }

func (chatWindow) Capabilities() channels.Capabilities {
	return channels.Capabilities{Window: channels.ReplyWindow{Free: 24 * time.Hour}}
}

// The end of a window is the same in each zone that a machine may be in, or that a time was read in.
func TestZonesMakeNoDifferenceToWindows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 2, 30, 0, 0, time.UTC)
	opened := now.Add(-time.Hour)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("EST", -5*60*60), time.FixedZone("IST", 330*60)} {
		from := opened.In(zone)
		m := &Moment{Now: now.In(zone)}
		w := NewThreads(&Book{Moment: m, Channel: func(store.AccountID) channels.Channel { return chatWindow{} }}, nil, nil, nil)
		chat := &Conversation{Conversation: &store.Conversation{AccountID: 1, Status: string(bridge.StatusOpen),
			ConversationTimes: store.ConversationTimes{WindowFrom: &from}}}
		if got, want := w.windowDigest(chat), "2026-11-22 01:30:00 +0000 UTC"; got != want {
			t.Errorf("%s: the window is shown as %s, want %s", zone, got, want)
		}
	}
}
