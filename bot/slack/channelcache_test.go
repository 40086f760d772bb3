package slack

import (
	"context"
	"testing"

	"parley/bot/slack/slackfake"
)

// The directory keeps the ids of channels by their names. These tests check that a renamed channel is found by
// its new name, and that events don't wait while the channels are read.

// resolveSlowly has the channels read, which Slack asks to do much later, until the test ends. It returns once
// Slack was asked.
func (w *world) resolveSlowly() {
	w.t.Helper()
	w.fake.Inject(slackfake.Fault{Method: "conversations.list", Kind: slackfake.FaultRateLimit, Retry: 90, Times: 1})
	ctx, cancel := context.WithCancel(w.ctx())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = w.surface.Resolve(ctx, "#support") // it ends with an error, which doesn't matter here
	}()
	w.t.Cleanup(func() {
		cancel()
		<-done
	})
	noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Calls("conversations.list")) == 1 }))
}

// A name that changed is known to the next question.
func TestResolveAfterARename(t *testing.T) {
	t.Parallel()
	for _, renamed := range []string{
		`{"type":"channel_rename","channel":{"id":"C0SUPPORT"}}`,
		`{"type":"channel_id_changed","old_channel_id":"C0OLD","new_channel_id":"C0SUPPORT"}`,
	} {
		t.Run(renamed, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.surface.Resolve(w.ctx(), "#support")
			noError(t, err)
			noError(t, w.fake.Admin.RenameChannel(w.channel, "help"))
			w.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":` + renamed + `}`)
			id, err := w.surface.Resolve(w.ctx(), "#help")
			noError(t, err)
			wantEqual(t, "channel", id, w.channel)
		})
	}
}
