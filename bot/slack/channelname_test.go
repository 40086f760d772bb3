package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
)

// Slack mentions channels by their ids, now and then with a name. A customer never reads an id: Parley asks for
// the names of public channels, and tells none of private ones.

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
