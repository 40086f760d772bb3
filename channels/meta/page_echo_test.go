package meta

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"parley/channels"
)

// An echo is Facebook's event about a message that the Page sent, by Parley or elsewhere. The echoes of our messages contain
// a signed token in their metadata.

// echoBody makes a webhook with an echo that has this metadata.
func echoBody(metadata string) []byte {
	m, err := json.Marshal(metadata)
	if err != nil {
		panic(err) // a string always can be written
	}
	return ownHookBody(fmt.Sprintf(`"message": {"mid": "m_e", "is_echo": true, "app_id": 9000000001, "text": "Hello *you*", "metadata": %s}`,
		m))
}

// echoed is the message that the echoes of these tests are about.
func echoed() channels.Outbound {
	return channels.Outbound{ConversationID: testConversation, MessageID: 42}
}

// lastPart and partsFollow tell signedMetadata whether more parts of the message follow.
const (
	lastPart = false
)

// An echo with a token that one of our keys signed, even an old one, belongs to a message of ours. It says that the message
// was sent.
func TestOwnEcho(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	withOldKey := *c
	withOldKey.env.Keys = c.env.Keys[1:]
	tests := []struct {
		name     string
		metadata string
	}{
		{name: "signed with the new key", metadata: c.signedMetadata(echoed(), lastPart)},
		{name: "signed with the old key", metadata: withOldKey.signedMetadata(echoed(), lastPart)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := decodeOnlyPage(t, c, echoBody(tt.metadata))
			wantEqual(t, "kind", got.Kind, channels.InboundOwn)
			wantEqual(t, "id", got.ExternalID, "m_e")
			wantEqual(t, "customer", got.From.Key, testPSID)
			wantEqual(t, "our message", got.Answers.Message, 42)
			wantEqual(t, "our conversation", got.Answers.Conversation, testConversation)
			want := &channels.Status{State: channels.StateSent, MessageID: 42, External: []string{"m_e"}}
			if !reflect.DeepEqual(got.Status, want) {
				t.Errorf("got the status %+v, want %+v", got.Status, want)
			}
		})
	}
}

// An echo whose token is missing or wrong is a message that was written elsewhere.
func TestForeignEcho(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	ofOtherPage, withOtherKey := *c, *c
	ofOtherPage.id = "999"
	withOtherKey.env.Keys = [][]byte{[]byte("somebody else's")}
	ours := c.signedMetadata(echoed(), lastPart)
	tests := []struct {
		name     string
		metadata string
	}{
		{name: "no metadata", metadata: ""},
		{name: "metadata of another app", metadata: "order 5"},
		{name: "token of another Page", metadata: ofOtherPage.signedMetadata(echoed(), lastPart)},
		{name: "token signed with another key", metadata: withOtherKey.signedMetadata(echoed(), lastPart)},
		{name: "changed to another message", metadata: strings.Replace(ours, "m42", "m43", 1)},
		{name: "changed to a part of it", metadata: strings.Replace(ours, "m42", "m42.p", 1)},
		{name: "cut", metadata: ours[:len(ours)-1]},
		{name: "longer", metadata: ours + "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := decodeOnlyPage(t, c, echoBody(tt.metadata))
			wantEqual(t, "kind", got.Kind, channels.InboundElsewhere)
			wantEqual(t, "id", got.ExternalID, "m_e")
			wantEqual(t, "customer", got.From.Key, testPSID)
			wantEqual(t, "text", got.Text, "Hello \\*you\\*")
			wantEqual(t, "our message", got.Answers.Message, 0)
		})
	}
}
