package slack

import (
	"testing"

	"parley/bridge"
	"parley/channels"
)

// If Slack's answer to a post is lost, Reconcile finds out whether the post was made, by the metadata of
// messages. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its people, and
// fakeDesk, which plays the engine.

// Any app can copy what our posts say of themselves: one that another app wrote isn't taken for ours.
func TestReconcileTellsAppsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.newPost(bridge.PostSaid, root, "t1")
	w.mustSend(p)
	for _, tt := range []struct {
		name string
		self *Self // who looks for a post of its own
		want channels.Outcome
	}{
		{name: "the app that posted it", self: w.self(), want: channels.Landed},
		{
			name: "another app",
			self: &Self{User: "U0OTHER", Bot: "B0OTHER", App: "A0OTHER", Team: w.self().Team},
			want: channels.Absent,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got, err := w.surface.poster.findPosted(w.ctx(), tt.self, p, root.Message)
			noError(t, err)
			wantEqual(t, "outcome", got, tt.want)
		})
	}
}
