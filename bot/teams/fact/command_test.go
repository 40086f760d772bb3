package fact

import (
	"testing"

	"parley/bot/teams/connector"
	"parley/bot/verb"
)

// What nobody else sees says nothing to customers: no command that does so is offered there.
func TestOfferedCommandsAreTaken(t *testing.T) {
	t.Parallel()
	for _, word := range verb.OfferedInThread() {
		a := Payload{Me: "28:bot"}.decodeCommand(&connector.Activity{Content: connector.Content{Text: word + " x"}, From: &connector.ChannelAccount{ID: "29:ann"}})
		if a[0].Args.Note == noRelay {
			t.Errorf("/%s is offered and refused", word)
		}
	}
}
