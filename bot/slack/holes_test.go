package slack

import (
	"errors"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
)

// A message that could not be stored is looked for although a later reply of its thread is stored, and replies to customers wait
// until it is found.
func TestHoleBehindTheNewestReply(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t, func(_ *Options, f *slackfake.Options) {
		f.AckTimeout, f.RetryDelays = 100*time.Millisecond, []time.Duration{time.Hour}
	})
	root := st.postRoot()
	before, gaps, filled := st.desk.Attempts(), st.desk.Gaps(), st.desk.Fills()
	st.desk.Refuse(errors.New("database gone"))
	missed := st.postAsAnn(root.Message, "first")
	st.desk.Wait(t, "an attempt", func() bool { return st.desk.Attempts() > before })
	st.desk.Refuse(nil)
	st.desk.First(t, fact.MessageID(st.channel, st.postAsAnn(root.Message, "second")))
	st.desk.Wait(t, "the gap announced", func() bool { return st.desk.Gaps() > gaps })
	st.desk.First(t, fact.MessageID(st.channel, missed))
	st.desk.Wait(t, "the gap filled", func() bool { return st.desk.Fills() > filled })
}
