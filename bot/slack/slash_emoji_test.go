package slack

import "testing"

// Slack writes the emoji of a slash command as shortcodes: the customer gets the characters all the same.
//
//
func TestEmojiInASlashCommand(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.typeCommand("#12 reply Well done 👍")
	wantEqual(t, "text", st.waitAction("i:").Text, "Well done 👍")
}
