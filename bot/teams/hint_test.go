package teams

import "testing"

// After a restart, a new card doesn't say that Parley hears only what mentions it, in a channel that it may read. Whoever
// believed that would write a remark to colleagues as a plain text, which goes to the customer.
func TestHintOfACardAfterARestart(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.surface = w.restartedSurface()
	sent := w.mustSend(w.newRoot("after a restart", w.channel))
	wantNoWords(t, string(w.fake.Message(w.channel, sent.Message).Raw), "hear anything else here")
}

// Nor does the first card in a channel that Parley hasn't tried to read before.
func TestHintOfTheFirstCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	sent := w.mustSend(w.newRoot("first", w.channel))
	wantNoWords(t, string(w.fake.Message(w.channel, sent.Message).Raw), "hear anything else here")
}

// It does in a channel that Parley may not read.
func TestHintOfTheFirstCardWithoutTheRightToRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	w.fake.Entra.Permit() // nothing
	sent := w.mustSend(w.newRoot("first", w.channel))
	wantWords(t, string(w.fake.Message(w.channel, sent.Message).Raw), "hear anything else here")
}
