package slack

import (
	"testing"

	"parley/bot/slack/manifest"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// newStageOfManifest connects the app as its manifest installs it: with these scopes, and subscribed to these events.
func newStageOfManifest(t *testing.T) *stage {
	t.Helper()
	return newConnectedStage(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = manifest.Scopes(), manifest.Events() })
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
			st := newStageOfManifest(t)
			ch := st.fake.Admin.AddChannel(slackfake.Channel{Name: "left", Private: tt.isPrivate, Members: []string{st.ann, st.fake.BotUserID()}})
			gaps := st.desk.Gaps()
			must(t, st.fake.Admin.Kick(ch.ID, st.fake.BotUserID()))
			st.desk.Wait(t, "a gap", func() bool { return st.desk.Gaps() > gaps })
		})
	}
}

// A reply in such a channel can't be read again. So it doesn't count as unchanged, and waits.
func TestConfirmInALeftChannel(t *testing.T) {
	t.Parallel()
	st := newStageOfManifest(t)
	root := st.postRoot()
	at := bridge.Place{Channel: st.channel, Thread: root.Message, Message: st.postAsAnn(root.Message, "On our way")}
	must(t, st.fake.Admin.Kick(st.channel, st.fake.BotUserID()))
	if _, err := st.surface.Confirm(st.ctx(), at, "On our way"); codeOf(err) != "not_in_channel" {
		t.Errorf("got the error %v, want Slack's not_in_channel", err)
	}
}
