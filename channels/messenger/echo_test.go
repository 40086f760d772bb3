package messenger

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
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
	lastPart    = false
	partsFollow = true
)

// An echo without any content becomes a notice that the Page sent something. An event without a person is an error.
func TestEchoOfNothing(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	got := decodeOnly(t, c, ownHookBody(`"message": {"mid": "m_e", "is_echo": true}`))
	wantEqual(t, "kind", got.Kind, channels.InboundElsewhere)
	wantEqual(t, "remarks", strings.Join(got.Notices, "\n"), "The Page sent something that Messenger doesn't pass on.")
	if list, err := c.Decode([]byte(`{"page":"` + testPage + `","event":{"message":{"mid":"m_1"}}}`)); err == nil {
		t.Errorf("an event of nobody is decoded as %+v, want an error", list)
	}
}

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
			got := decodeOnly(t, c, echoBody(tt.metadata))
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

// The echo of a part that isn't the last doesn't say that the whole message was sent.
func TestOwnEchoOfAPart(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	got := decodeOnly(t, c, echoBody(c.signedMetadata(echoed(), partsFollow)))
	wantEqual(t, "kind", got.Kind, channels.InboundOwn)
	wantEqual(t, "our message", got.Answers.Message, 42)
	wantEqual(t, "status", got.Status, nil)
}

// An echo whose token is missing or wrong is a message that was written elsewhere.
func TestForeignEcho(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	ofOtherPage, withOtherKey := *c, *c
	ofOtherPage.page = "999"
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
			got := decodeOnly(t, c, echoBody(tt.metadata))
			wantEqual(t, "kind", got.Kind, channels.InboundElsewhere)
			wantEqual(t, "id", got.ExternalID, "m_e")
			wantEqual(t, "customer", got.From.Key, testPSID)
			wantEqual(t, "text", got.Text, "Hello \\*you\\*")
			wantEqual(t, "our message", got.Answers.Message, 0)
		})
	}
}

// An echo may come before the answer to our request. Both name the same message.
func TestEchoBeforeAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionHookFirst})
	receipt := r.mustSend(t, r.outbound(5, "Hi"))
	own := r.takeOne(t, channels.InboundOwn)
	wantEqual(t, "id of the echo", own.ExternalID, receipt.ExternalID)
	wantEqual(t, "our message", own.Answers.Message, messageID(5))
}

// If Facebook took a message and its answer was lost, the echo has our token and says that the message was sent.
func TestEchoAfterLostAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionDropAfter})
	_ = r.wantSendFails(t, r.outbound(5, "Hi"), channels.Ambiguous)
	echo := r.takeOne(t, channels.InboundOwn)
	wantEqual(t, "id of the echo", echo.ExternalID, r.takeInbox(t, 1)[0].ID)
	wantEqual(t, "our message", echo.Answers.Message, messageID(5))
	wantEqual(t, "our conversation", echo.Answers.Conversation, testConversation)
	if echo.Status == nil {
		t.Fatal("the echo has no status")
	}
	wantEqual(t, "message of the status", echo.Status.MessageID, messageID(5))
}

// A message that was written in the Page's own inbox is decoded with its text.
func TestEchoOfAnAnswerElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.page.AnswerElsewhere(r.customer, "This is _Kim_ in the inbox")
	foreign := r.takeOne(t, channels.InboundElsewhere)
	wantEqual(t, "id", foreign.ExternalID, id)
	wantEqual(t, "text", foreign.Text, "This is \\_Kim\\_ in the inbox")
	wantEqual(t, "customer", foreign.From.Key, r.customer.ID())
}
