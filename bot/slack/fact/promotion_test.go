package fact

import (
	"testing"

	"parley/bridge"
)

// A text that is edited into a promotional reply (!promo) is marked as promotional, as it may not go to every customer.
func TestEditIntoAPromotionalReply(t *testing.T) {
	t.Parallel()
	_, actions := actionsOf(t, changed(version(edited5, "!promo 10 % off"), version("", "10 % off")))
	if len(actions) != 1 {
		t.Fatalf("got the actions %+v, want one", actions)
	}
	wantEqual(t, "verb", actions[0].Verb, bridge.VerbEdit)
	wantEqual(t, "text", actions[0].Text, "10 % off")
	wantEqual(t, "is promotional", actions[0].Args.Promotional, true)
}

// An edit into a command has none of the command's arguments, since it doesn't do the command.
func TestEditIntoACommandHasNoArguments(t *testing.T) {
	t.Parallel()
	_, actions := actionsOf(t, changed(version(edited5, "!tag vip"), version("", "tag him")))
	if len(actions) != 1 {
		t.Fatalf("got the actions %+v, want one", actions)
	}
	wantEqual(t, "tags", len(actions[0].Args.Tags), 0)
}
