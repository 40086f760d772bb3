package teams

import (
	"encoding/json"
	"reflect"
	"testing"

	"parley/bridge"
)

// The engine learns which messages a text quotes, and that it passes on one of elsewhere, which has no id. Their words are left out.
func TestQuotedMessage(t *testing.T) {
	t.Parallel()
	for quote, want := range map[string]bridge.Context{
		`Reply" itemid="1700000000001"`: {Quotes: []string{"1700000000001"}},
		`Forward"`:                      {Forwards: true},
	} {
		a := saidHTML(t,
			`<blockquote itemscope itemtype="http://schema.skype.com/`+quote+`><p>is he owed a refund?</p></blockquote><p>No, he makes it up</p>`)
		if a.Verb != bridge.VerbSay || a.Text != "No, he makes it up" {
			t.Errorf("%s: got %s %q, want the answer alone", quote, a.Verb, a.Text)
		}
		if !reflect.DeepEqual(a.Context, want) {
			t.Errorf("%s: got %+v, want %+v", quote, a.Context, want)
		}
	}
}

// saidHTML decodes a message with this text.
func saidHTML(t *testing.T, html string) bridge.Action {
	t.Helper()
	return Payload{Me: "28:bot"}.Said(bridge.Place{Channel: "c", Thread: "1", Message: "1700000000002"}, htmlActivity(t, html))
}

// htmlActivity is a message with HTML.
func htmlActivity(t *testing.T, html string) *Activity {
	t.Helper()
	content, err := json.Marshal(html)
	if err != nil {
		t.Fatal(err)
	}
	a := &Activity{From: &ChannelAccount{ID: "29:ann"}}
	a.Attachments = []Attachment{{ContentType: ContentHTML, Content: content}}
	return a
}
