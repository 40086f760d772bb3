package fact

import (
	"encoding/json"
	"reflect"
	"testing"

	"parley/bot/teams/connector"
	"parley/bridge"
)

// The engine learns which messages a text quotes, and that it passes on one of elsewhere, which has no id; their words are left out.
func TestQuotedMessage(t *testing.T) {
	t.Parallel()
	for quote, want := range map[string]bridge.Context{
		`Reply" itemid="1700000000001"`: {Quotes: []string{"1700000000001"}},
		`Forward"`:                      {Forwards: true},
	} {
		html, err := json.Marshal(`<blockquote itemscope itemtype="http://schema.skype.com/` + quote + `><p>is he owed a refund?</p></blockquote><p>No, he makes it up</p>`)
		if err != nil {
			t.Fatal(err)
		}
		a := &connector.Activity{From: &connector.ChannelAccount{ID: "29:ann"}}
		a.Attachments = []connector.Attachment{{ContentType: connector.ContentHTML, Content: html}}
		said := Payload{Me: "28:bot"}.Said(bridge.Place{Channel: "c", Thread: "1", Message: "1700000000002"}, a)
		if said.Verb != bridge.VerbSay || said.Text != "No, he makes it up" || !reflect.DeepEqual(said.Context, want) {
			t.Errorf("%s: %+v", quote, said)
		}
	}
}
