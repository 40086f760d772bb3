package slack

import (
	"errors"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
)

// A message that could not be stored is looked for although a later reply of its thread is stored, and replies
// to customers wait until it is found.
func TestHoleBehindTheNewestReplyIsFilled(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) {
		f.AckTimeout, f.RetryDelays = 100*time.Millisecond, []time.Duration{time.Hour} // Slack brings nothing again while the test runs
	})
	root := w.postRoot()
	attempts, gaps, fills := w.desk.Attempts(), w.desk.Gaps(), w.desk.Fills()

	w.desk.Refuse(errors.New("database gone"))
	missed := w.postAsAnn(root.Message, "first")
	w.desk.Wait(t, "the attempt to store the first message", func() bool { return w.desk.Attempts() > attempts })
	w.desk.Refuse(nil)
	w.storeAsAnn(root.Message, "second")

	w.desk.Wait(t, "the gap announced", func() bool { return w.desk.Gaps() > gaps })
	w.desk.First(t, w.messageID(missed))
	w.desk.Wait(t, "the gap filled", func() bool { return w.desk.Fills() > fills })
}
