package slack

import (
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// Slack mentions channels by their ids, now and then with a name. A customer never reads an id: Parley asks for
// the names of public channels, and tells none of private ones.

// channelInfo is the method by which Parley asks for a channel's name.
const channelInfo = "conversations.info"

func TestMentionedChannelsAreNamed(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.fake.Admin.AddChannel(slackfake.Channel{ID: "C0SECRET", Name: "secret", Private: true, Members: []string{w.ann}})
	ts := w.postAsAnn(w.postRoot().Message, "see <#C0SUPPORT|>, <#C0SUPPORT> or <#C0SECRET>")
	a := w.waitAction(w.messageID(ts))
	const want = "see #support, #support or a channel"
	wantEqual(t, "text", a.Text, want)
	wantEqual(t, "text as it was typed", a.Raw, want)
}

// A name is remembered, and so is that Slack doesn't know the channel.
func TestChannelNamesAreAskedForOnce(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.fake.Admin.AddChannel(slackfake.Channel{ID: "C0SECRET", Name: "secret", Private: true, Members: []string{w.ann}})
	root := w.postRoot()
	for range 2 {
		ts := w.postAsAnn(root.Message, "see <#C0SUPPORT|>, <#C0SUPPORT> or <#C0SECRET>")
		a := w.waitAction(w.messageID(ts))
		wantEqual(t, "text", a.Text, "see #support, #support or a channel")
		wantEqual(t, "text as it was typed", a.Raw, a.Text)
	}
	wantEqual(t, "questions for the names of two channels", len(w.fake.Calls(channelInfo)), 2)
}

func TestChannelMentionedInACommandIsNamed(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.typeCommand("#12 reply: see <#C0SUPPORT|>")
	wantEqual(t, "text", w.lastAction().Text, "see #support")
}

// A reply that was read while Slack didn't tell a channel's name counts as unchanged once Slack tells it, so
// that it leaves as it was read.
func TestReplyWithAnUnnamedChannelIsUnchangedOnceItIsNamed(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // by how much Parley's clock is ahead of the machine's
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	w := newConnectedWorld(t, func(o *Options, _ *slackfake.Options) { o.Now = clock })
	w.letAnnSee()
	at := bridge.Place{Channel: w.channel, Message: w.storeAsAnn(w.postRoot().Message, "hello")}

	// Parley reads the edit while Slack tells no names, for an hour.
	w.fake.Inject(slackfake.Fault{Method: channelInfo, Kind: slackfake.FaultRateLimit, Retry: 3600, Times: 1})
	noError(t, w.fake.As(w.ann).Edit(w.channel, at.Message, "see <#C0SUPPORT>"))
	wantEqual(t, "text of the edit", w.waitAction(editFacts).Text, "see a channel")

	ahead.Store(int64(time.Hour)) // Slack may be asked again
	for _, tt := range []struct {
		known string // the text that the engine has
		want  bridge.Confirmation
	}{
		{known: "see a channel", want: bridge.Unchanged},
		{known: "see #support", want: bridge.Unchanged},
		{known: "see", want: bridge.Changed},
	} {
		got, err := w.surface.Confirm(w.ctx(), at, tt.known)
		noError(t, err)
		if got != tt.want {
			t.Errorf("Confirm(%q) = %v, want %v", tt.known, got, tt.want)
		}
	}
}

// Slack isn't asked for a name again with each message, if it refused to tell it: such refusals stay until
// somebody mends the app.
func TestRefusedChannelNameIsAskedForOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		refusal slackfake.Fault
	}{
		{name: "for good", refusal: slackfake.Fault{Method: channelInfo, Kind: slackfake.FaultError, Error: "missing_scope"}},
		{name: "for an hour", refusal: slackfake.Fault{Method: channelInfo, Kind: slackfake.FaultRateLimit, Retry: 3600}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			w.letAnnSee()
			root := w.postRoot()
			w.fake.Inject(tt.refusal)
			for range 3 {
				ts := w.postAsAnn(root.Message, "see <#C0SUPPORT>")
				wantEqual(t, "text", w.waitAction(w.messageID(ts)).Text, "see a channel")
			}
			wantEqual(t, "questions to Slack", len(w.fake.Calls(channelInfo)), 1)
		})
	}
}
