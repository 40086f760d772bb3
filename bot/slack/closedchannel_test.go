package slack

import (
	"testing"

	"parley/bridge"
	"parley/channels"
)

// Admins are told which channel can't be posted to.
func TestClosedChannelIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	noError(t, w.fake.Admin.ArchiveChannel(w.channel, true))
	_, err := w.surface.Send(w.ctx(), w.newPost(bridge.PostRoot, bridge.Place{Channel: w.channel}, "t1"))
	wantSendErrorIs(t, err, channels.BadRecipient, bridge.ErrChannelClosed)
	got := wantSendError(t, err, channels.BadRecipient).Text
	wantEqual(t, "words for admins", got, "Parley can't post to the Slack channel C0SUPPORT (is_archived).")
}
