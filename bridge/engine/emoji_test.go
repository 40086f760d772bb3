package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// newWorldOfTeamEmoji makes a world whose team chose its own emoji: "shipit" resolves, "nap" snoozes, and the usual "eyes", which takes
// a conversation, does nothing. It returns the root of kim's thread.
func newWorldOfTeamEmoji(t *testing.T) (w *world, root bridgetest.Message) {
	t.Helper()
	w = newWorld(t, options{})
	emoji := map[string]string{"shipit": "resolve", "nap": "snooze", "eyes": bridge.NoVerb}
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Emoji: emoji}))(t)
	w.reloadEngines()
	return w, w.chat.Get(support, w.openThread())
}

// In a team's channel its own emoji are the verbs that it chose, in whatever skin tone.
// Requirement R-268: Emoji are commands.
func TestEmojiOfATeam(t *testing.T) {
	t.Parallel()
	w, root := newWorldOfTeamEmoji(t)
	w.chat.ReactWith("ann", root, bridge.VerbReact, "nap::skin-tone-2")
	w.waitCard(root.ID, "snoozed")
	w.chat.ReactWith("ann", root, bridge.VerbReact, "shipit")
	w.waitCard(root.ID, "resolved | Kim | Hello |  |")
}
