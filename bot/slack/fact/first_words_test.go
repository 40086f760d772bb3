package fact

import (
	"testing"

	"parley/bridge"
)

// A typed text with which a conversation begins keeps the addresses of its links, as a reply does.
func TestFirstWordsKeepTheirFormatting(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, msg(annsMessage, "<@UBOT> new a@x.test see <https://x.test|here>"))
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "text", a.Text, "see [here](<https://x.test>)")
}
