package fact

import (
	"testing"

	"parley/bridge"
)

// A typed text with which a conversation begins keeps the addresses of its links, as a reply does.
func TestFirstWordsKeepTheirFormatting(t *testing.T) {
	t.Parallel()
	_, as := actionsOf(t, msg(`"user":"UANN","team":"T1",`, "<@UBOT> new a@x.test see <https://x.test|here>"))
	if len(as) != 1 || as[0].Verb != bridge.VerbNew || as[0].Text != "see [here](<https://x.test>)" {
		t.Errorf("%+v", as)
	}
}
