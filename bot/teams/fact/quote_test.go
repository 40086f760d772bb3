package fact

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/teams/connector"
	"parley/bridge"
)

// The engine learns which messages a text quotes; their words are left out.
func TestQuotedMessage(t *testing.T) {
	t.Parallel()
	html, err := json.Marshal(`<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1700000000001"><p>is he owed a refund?</p></blockquote><p>No, he makes it up</p>`)
	if err != nil {
		t.Fatal(err)
	}
	a := &connector.Activity{From: &connector.ChannelAccount{ID: "29:ann"}}
	a.Attachments = []connector.Attachment{{ContentType: connector.ContentHTML, Content: html}}
	said := Payload{Me: "28:bot"}.Said(bridge.Place{Channel: "c", Thread: "1", Message: "1700000000002"}, a)
	if said.Verb != bridge.VerbSay || said.Text != "No, he makes it up" || !slices.Equal(said.Quotes, []string{"1700000000001"}) {
		t.Errorf("%+v", said)
	}
}
