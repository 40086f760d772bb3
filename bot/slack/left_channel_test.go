package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// newStageOfManifest connects the app as its manifest installs it: with these scopes, and subscribed to these events.
func newStageOfManifest(t *testing.T) *world {
	t.Helper()
	return newConnectedWorld(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = Scopes(), Events() })
}

// Once the app is out of a channel nobody tells it that a reply there was deleted: that is a gap.
func TestLeftChannelIsAGap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		isPrivate bool
	}{
		{name: "a public channel"},
		{name: "a private channel", isPrivate: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newStageOfManifest(t)
			ch := w.fake.Admin.AddChannel(slackfake.Channel{Name: "left", Private: tt.isPrivate, Members: []string{w.ann, w.fake.BotUserID()}})
			gaps := w.desk.Gaps()
			noError(t, w.fake.Admin.Kick(ch.ID, w.fake.BotUserID()))
			w.desk.Wait(t, "a gap", func() bool { return w.desk.Gaps() > gaps })
		})
	}
}

// A reply in such a channel can't be read again. So it doesn't count as unchanged, and waits.
func TestConfirmInALeftChannel(t *testing.T) {
	t.Parallel()
	w := newStageOfManifest(t)
	root := w.postRoot()
	at := bridge.Place{Channel: w.channel, Thread: root.Message, Message: w.postAsAnn(root.Message, "On our way")}
	noError(t, w.fake.Admin.Kick(w.channel, w.fake.BotUserID()))
	if _, err := w.surface.Confirm(w.ctx(), at, "On our way"); CodeOf(err) != "not_in_channel" {
		t.Errorf("got the error %v, want Slack's not_in_channel", err)
	}
}
