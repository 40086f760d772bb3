package twilio

import (
	"cmp"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/twilio/twiliofake"
)

// Statuses may come before the answer to the send. They name our message, and are told in the order in which they come,
// even if that is odd. A status that comes twice is one fact.
func TestStatusesBeforeAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.annWrites("hi")
	answer := make(chan struct{})
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultLate, Until: answer})
	sent := make(chan channels.Receipt, 1)
	go func() {
		r, err := w.send(w.outbound(77, "x"))
		if err != nil {
			t.Error(err)
		}
		sent <- r
	}()

	w.wait("Twilio has the message", func() bool { return len(w.fake.Messages()) == 2 }) // after Ann's
	sid := w.fake.Messages()[1].SID
	for _, status := range []string{"read", "read", "sent", "failed"} {
		wantEqual(t, "answer to the callback of "+status, w.fake.Callback(sid, status), http.StatusNoContent)
	}

	wantStates := []channels.DeliveryState{channels.StateRead, channels.StateSent, channels.StateFailed}
	for i, in := range w.waitStatuses(len(wantStates)) {
		wantEqual(t, "state", in.Status.State, wantStates[i])
		wantEqual(t, "message of the status "+string(in.Status.State), in.Status.MessageID, 77)
	}

	close(answer)
	wantEqual(t, "external id of the late answer", channelstest.Receive(t, sent, "the late answer comes").ExternalID, sid)
}

// Statuses mean what Twilio's error dictionary says. An unknown word means that the message is on its way. An unknown
// code gives the reason no class.
func TestDecodeStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status    string
		code      string
		wantState channels.DeliveryState
		wantClass channels.Class
		wantHint  bool

		wantReason string // "" means any
	}{
		{status: "queued", wantState: channels.StateAccepted},
		{status: "sending", wantState: channels.StateAccepted},
		{status: "accepted", wantState: channels.StateAccepted},
		{status: "teleported", wantState: channels.StateAccepted},
		{status: "sent", wantState: channels.StateSent},
		{status: "delivered", wantState: channels.StateDelivered},
		{status: "read", wantState: channels.StateRead},
		{status: "canceled", wantState: channels.StateFailed, wantReason: "It was cancelled at Twilio."},
		{status: "failed", wantState: channels.StateFailed, wantReason: "Odd."},
		{status: "failed", code: "30001", wantState: channels.StateFailed, wantClass: channels.Throttled, wantHint: true},
		{status: "failed", code: "63016", wantState: channels.StateFailed, wantClass: channels.WindowClosed, wantHint: true},
		{status: "failed", code: "63018", wantState: channels.StateFailed, wantClass: channels.Throttled, wantHint: true},
		{status: "failed", code: "63041", wantState: channels.StateFailed, wantClass: channels.TemplateBad, wantHint: true},
		{status: "failed", code: "63015", wantState: channels.StateFailed, wantClass: channels.BadRecipient, wantHint: true},
		{status: "failed", code: "99999", wantState: channels.StateFailed, wantClass: "", wantReason: "Odd. (Twilio 99999)"},
		{status: "undelivered", code: "30003", wantState: channels.StateFailed, wantClass: channels.Retry, wantHint: true},
		{status: "undelivered", code: "30008", wantState: channels.StateFailed, wantClass: channels.Retry, wantHint: true},
		{status: "undelivered", code: "30004", wantState: channels.StateFailed, wantClass: channels.BadRecipient, wantHint: true},
		{status: "undelivered", code: "30007", wantState: channels.StateFailed, wantClass: channels.BadContent, wantHint: true},
	}
	w := newWorld(t, viaWhatsApp)
	query := tokenParam + "=" + w.base.callbacks.sign([]byte("key one"), token{message: 5})
	for _, tt := range tests {
		t.Run(tt.status+" "+tt.code, func(t *testing.T) {
			in := decodeHook(t, w.channel, query, url.Values{
				"MessageSid":    {"SM1"},
				"MessageStatus": {tt.status},
				"To":            {waPrefix + annPhone},
				"From":          {waPrefix + waNumber},
				"ErrorCode":     {tt.code},
				"ErrorMessage":  {"Odd."},
				"NumSegments":   {"3"},
			})
			if in.Kind != channels.InboundStatus {
				t.Fatalf("got an inbound of the kind %s, want a status", in.Kind)
			}
			wantEqual(t, "state", in.Status.State, tt.wantState)
			wantEqual(t, "class", in.Status.Class, tt.wantClass)
			wantEqual(t, "message", in.Status.MessageID, 5)
			wantEqual(t, "is about an earlier part", in.Status.Early, false)
			wantEqual(t, "says what to do", in.Status.Hint != "", tt.wantHint)
			wantEqual(t, "has a reason", in.Status.Reason != "", tt.wantState == channels.StateFailed)
			wantEqual(t, "reason", in.Status.Reason, cmp.Or(tt.wantReason, in.Status.Reason))
			wantEqual(t, "number of SMS", in.Status.Parts, 3)
			if !slices.Equal(in.Status.External, []string{"SM1"}) {
				t.Errorf("got the external ids %q, want SM1 alone", in.Status.External)
			}
		})
	}
}

// An entry of Twilio's list is read like a callback. It tells what a customer wrote and when, or the state of our
// message.
func TestDecodeListed(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).channel
	sentAt := callbackAt()
	from := channels.Party{Key: annPhone}
	tests := []struct {
		name   string
		listed string
		want   channels.Inbound
	}{
		{
			name: "a message that Twilio passed on later than it came",
			listed: `{"sid":"SM1","direction":"inbound","from":"+12125550123","body":"Hi",
				"date_created":"Fri, 20 Nov 2026 08:50:00 +0000","date_sent":"Fri, 20 Nov 2026 09:00:00 +0000"}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "SM1", From: from, At: sentAt, Text: "Hi"},
		},
		{
			name:   "a message whose list says nothing",
			listed: `{"sid":"SM1","direction":"inbound","from":"+12125550123","date_created":"2026-11-20T09:00:00Z","date_sent":null}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "SM1", From: from, At: sentAt,
				Notices: []string{"Its callback was lost, and Twilio's list does not show what it says. Ask for it again."}},
		},
		{
			name: "the state of one of ours",
			listed: `{"sid":"SM1","direction":"outbound-api","to":"+12125550123","status":"sent","num_segments":"3",
				"date_updated":"2026-11-20T09:00:00Z"}`,
			want: channels.Inbound{Kind: channels.InboundStatus, From: from, At: sentAt,
				Status: &channels.Status{State: channels.StateSent, External: []string{"SM1"}, ByID: true, Parts: 3}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := c.Decode(jsonPayload(payloadListed, listedMessage{Message: []byte(tt.listed)}))
			noError(t, err)
			if !reflect.DeepEqual(list, []channels.Inbound{tt.want}) {
				t.Errorf("decoded as\n     %+v\nwant %+v", list, tt.want)
			}
		})
	}
}
