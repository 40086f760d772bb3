package slack

import (
	"errors"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
)

// What could not be stored is looked for although a later reply of its thread is
// stored, and replies to customers wait until it is found.
func TestHoleBehindTheNewestReply(t *testing.T) {
	t.Parallel()
	st := newStage(t, true, func(_ *Options, f *slackfake.Options) {
		f.AckTimeout, f.RetryDelays = 100*time.Millisecond, []time.Duration{time.Hour}
	})
	root := st.root()
	st.desk.mu.Lock()
	st.desk.refuse = errors.New("database gone")
	before, gaps, filled := st.desk.accepts, len(st.desk.gaps), st.desk.filled
	st.desk.mu.Unlock()
	missed := st.say(root.Message, "first")
	st.desk.wait(t, "an attempt", func() bool { return st.desk.accepts > before })
	st.desk.mu.Lock()
	st.desk.refuse = nil
	st.desk.mu.Unlock()
	st.desk.waitFact(t, messageID(st.ch, st.say(root.Message, "second")))
	st.desk.wait(t, "the gap announced", func() bool { return len(st.desk.gaps) > gaps })
	st.desk.waitFact(t, messageID(st.ch, missed))
	st.desk.wait(t, "the gap filled", func() bool { return st.desk.filled > filled })
}
