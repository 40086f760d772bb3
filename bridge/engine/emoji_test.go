package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/store"
)

// in a team's channel its own emoji are the verbs that it chose, and one whose usual verb it
// took off is nothing but an emoji.
func TestEmojiOfATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Emoji: map[string]string{"shipit": "resolve", "eyes": bridge.NoVerb, "nap": "snooze"}}))(t)
	w.reloadEngines()
	thread := w.openThread()
	root := w.chat.Get(support, thread)
	w.chat.ReactWith("ann", root, bridge.VerbTake, ":eyes:")
	w.chat.ReactWith("ann", root, bridge.VerbReact, "nap::skin-tone-2")
	w.waitCard(thread, "snoozed")
	w.chat.ReactWith("ann", root, bridge.VerbReact, "shipit")
	w.waitCard(thread, "resolved | Kim | Hello |  |")
}
