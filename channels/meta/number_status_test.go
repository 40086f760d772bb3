package meta

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// wantStates checks which states arrived for one message, without those of its earlier parts, and that each names it.
func wantStates(t *testing.T, list []channels.Inbound, message int64, want ...channels.DeliveryState) {
	t.Helper()
	var got []channels.DeliveryState
	for _, in := range list {
		if in.Kind != channels.InboundStatus {
			continue
		}
		wantEqual(t, "message of the status", in.Status.MessageID, message)
		wantEqual(t, "number of WhatsApp's ids in the status", len(in.Status.External), 1)
		if !in.Status.Early {
			got = append(got, in.Status.State)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the states %v, want %v", got, want)
	}
}

// A status that arrives before the answer to the send still names our message.
func TestStatusBeforeAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionHookFirst})
	w.send(outbound(12, "Hi"))
	wantStates(t, w.decodeAll(w.journal.list()), 12, channels.StateSent, channels.StateDelivered)
}

// If both the answer and the statuses are lost, Reconcile can't tell whether the message was sent, however often it is
// asked. It sends nothing.
func TestReconcileWithoutStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "hook.status.*", Action: graphfake.ActionDrop, Times: graphfake.Forever})
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDropAfter})
	w.wantSendFails(outbound(12, "Hi"), channels.Ambiguous)
	for range 3 {
		outcome, _, err := w.channel.Reconcile(testContext(t), outbound(12, "Hi"))
		if err != nil {
			t.Error(err)
		}
		wantEqual(t, "outcome", outcome, channels.CannotTell)
	}
	wantEqual(t, "number of messages that the customer got", len(w.ann.Inbox()), 1)
	wantEqual(t, "number of things that arrived", len(w.takeInbound()), 0)
}

// A status without our token may be about a message that another program sent by the same number. Such a status says so.
func TestStatusOfAnotherProgramsMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		token string
	}{
		{name: "without a token", token: ""},
		{name: "with a token of its own", token: "order-17"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *graphfake.NumberConfig) { c.FailLater = true })
			message := object{"messaging_product": "whatsapp", "to": annPhone, "type": "text", "text": object{"body": "Your order left"}}
			if tt.token != "" {
				message["biz_opaque_callback_data"] = tt.token
			}
			noError(t, w.channel.graph.Call(testContext(t), http.MethodPost, phoneID+"/messages", nil, message, nil))

			status := w.takeOne().Status
			if status == nil {
				t.Fatal("no status arrived")
			}
			wantEqual(t, "state", status.State, channels.StateFailed)
			wantEqual(t, "message", status.MessageID, 0)
			wantEqual(t, "may be another program's", status.Others, true)
			wantEqual(t, "is of an earlier part", status.Early, false)
		})
	}
}

// A token names a message if it is signed with one of our keys, and as we write it.
func TestParseToken(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	wholeMessage := token{message: 12, part: 1, last: true}
	firstPart := token{message: 12}
	tests := []struct {
		name    string
		written string
		want    token // the zero token if it isn't ours
	}{
		{name: "signed with the new key", written: wholeMessage.sign(keys[0]), want: wholeMessage},
		{name: "signed with the old key", written: wholeMessage.sign(keys[1]), want: wholeMessage},
		{name: "of a part", written: firstPart.sign(keys[0]), want: firstPart},
		{name: "signed with another key", written: wholeMessage.sign([]byte("x"))},
		{name: "signed without a key", written: wholeMessage.sign(nil)},
		{name: "message changed", written: strings.Replace(wholeMessage.sign(keys[0]), "m12", "m13", 1)},
		{name: "part made the last", written: strings.Replace(firstPart.sign(keys[0]), "-", ".z-", 1)},
		{name: "number with a leading zero", written: strings.Replace(wholeMessage.sign(keys[0]), "m12", "m012", 1)},
		{name: "of another program", written: "order-4711"},
		{name: "of another program, without a hyphen", written: "order4711"},
		{name: "empty", written: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := parseToken(keys, tt.written)
			wantEqual(t, "token", got, tt.want)
			wantEqual(t, "is ours", ok, tt.want != token{})
		})
	}
}
