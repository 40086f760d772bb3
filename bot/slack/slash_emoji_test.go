package slack

import "testing"

// Slack writes the emoji of a slash command as shortcodes: the customer gets the characters all the same.
//
// Requirement R-073: Emoji.
func TestEmojiInASlashCommand(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.typeCommand("#12 reply Well done 👍")
	wantEqual(t, "text", w.waitAction("i:").Text, "Well done 👍")
}
