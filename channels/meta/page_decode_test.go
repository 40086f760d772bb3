package meta

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// The tests of decoding need no emulator: they make a webhook in Meta's format, split it into facts, and decode the facts.

const testPSID = "2500100200300400" // Facebook's id of the customer

// plainChannel makes a channel that can decode, and is connected to nothing.
func plainChannel(t testing.TB) *Page {
	t.Helper()
	c, err := newPage(channels.Account{Config: config()}, channels.Env{Keys: [][]byte{[]byte("new key"), []byte("old key")}, Now: time.Now})
	noError(t, err)
	return c
}

// eventAt is the time of the events of hookBody, in milliseconds.
const eventAt = 1700000000123

// hookBody makes a webhook with one event of the customer. list is the webhook's list that has the event: "messaging", or
// "standby" while another app holds the conversation. event is the JSON behind sender, recipient and timestamp.
func hookBody(list, event string) []byte { return eventBody(list, testPSID, testPage, event) }

// ownHookBody makes a webhook with one event of the Page itself, to the customer.
func ownHookBody(event string) []byte { return eventBody("messaging", testPage, testPSID, event) }

func eventBody(list, sender, recipient, event string) []byte {
	return fmt.Appendf(nil, `{"object": "page", "entry": [{"id": "%s", "time": 1700000000999, "%s": [
		{"sender": {"id": "%s"}, "recipient": {"id": "%s"}, "timestamp": %d, %s}]}]}`,
		testPage, list, sender, recipient, eventAt, event)
}

// decodeOne splits a webhook that has one event of the customer, and decodes that.
func decodeOne(t *testing.T, c *Page, body []byte) []channels.Inbound {
	t.Helper()
	facts := splitPageHook(body)
	if len(facts) != 1 {
		t.Fatalf("split(%.200s) = %+v, want one fact", body, facts)
	}
	wantFact(t, facts[0], testPSID)
	list, err := c.Decode(facts[0].Payload)
	if err != nil {
		t.Fatalf("Decode(%.200s): %v", facts[0].Payload, err)
	}
	return list
}

// decodeOnlyPage is decodeOne for an event that means one thing.
func decodeOnlyPage(t *testing.T, c *Page, body []byte) channels.Inbound {
	t.Helper()
	list := decodeOne(t, c, body)
	if len(list) != 1 {
		t.Fatalf("decoded as %+v, want one thing", list)
	}
	return list[0]
}

// wantFact checks that a fact belongs to the Page, has this order key and isn't in quarantine.
func wantFact(t *testing.T, f channels.Fact, orderKey string) {
	t.Helper()
	wantEqual(t, "order key", f.OrderKey, orderKey)
	wantEqual(t, "owner", f.Owner, testPage)
	wantEqual(t, "quarantine", f.Quarantine, "")
}

// checkDecoded decodes an event of the customer, and compares all of it with want. The customer and the time of want are those
// of hookBody, and are filled in here.
func checkDecoded(t *testing.T, event string, want channels.Inbound) {
	t.Helper()
	got := decodeOnlyPage(t, plainChannel(t), hookBody("messaging", event))
	want.From.Key = testPSID
	want.At = time.UnixMilli(eventAt).UTC()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded as\n     %+v\nwant %+v", got, want)
	}
}

// checkMessage is checkDecoded for a message with the id m_1, whose kind and id are filled in, too.
func checkMessage(t *testing.T, event string, want channels.Inbound) {
	t.Helper()
	want.Kind = channels.InboundMessage
	want.ExternalID = "m_1"
	checkDecoded(t, event, want)
}

// A text or a tap on a button becomes a message. The payload of the tapped button tells what was chosen.
func TestDecodeMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event string
		want  channels.Inbound
	}{
		{
			name:  "text, which has no formatting in Messenger",
			event: `"message":{"mid":"m_1","text":"Hi *there*\nsecond_line"}`,
			want:  channels.Inbound{Text: "Hi \\*there\\*\nsecond_line"},
		},
		{
			name:  "quick reply",
			event: `"message":{"mid":"m_1","text":"Yes","quick_reply":{"payload":"yes-1"}}`,
			want:  channels.Inbound{Text: "Yes", Chosen: "yes-1"},
		},
		{
			name:  "button",
			event: `"postback":{"mid":"m_1","title":"Talk to us","payload":"human","referral":{"source":"SHORTLINK","ref":"box"}}`,
			want:  channels.Inbound{Text: "Talk to us", Chosen: "human", Notices: []string{"Came by an m.me link, ref “box”."}},
		},
		{
			name:  "button without a title",
			event: `"postback":{"mid":"m_1","payload":"GET_STARTED"}`,
			want:  channels.Inbound{Chosen: "GET_STARTED", Notices: []string{"Tapped a button."}},
		},
		{
			name:  "answer to a message, which nobody needs to know",
			event: `"message":{"mid":"m_1","text":"this one","reply_to":{"mid":"m_nobody_knows","is_self_reply":true}}`,
			want:  channels.Inbound{Text: "this one", Answers: channels.Answers{External: "m_nobody_knows"}},
		},
		{
			name: "came by an ad",
			event: `"message": {"mid": "m_1", "text": "Hi", "referral": {"source": "ADS", "ad_id": "77", "ref": "summer",
				"ads_context_data": {"ad_title": "Half\nprice"}}}`,
			want: channels.Inbound{Text: "Hi", Notices: []string{"Came by an ad “Half price”, ref “summer”."}},
		},
		{
			name:  "came by a product",
			event: `"message":{"mid":"m_1","text":"Hi","referral":{"product":{"id":"P9"}}}`,
			want:  channels.Inbound{Text: "Hi", Notices: []string{"Came by a link, product P9."}},
		},
		{
			name:  "fields of other types than Meta documents",
			event: `"message":{"mid":"m_1","text":"Hi","is_echo":"false","quick_reply":"x"}`,
			want:  channels.Inbound{Text: "Hi"},
		},
		{
			name:  "nothing",
			event: `"message":{"mid":"m_1"}`,
			want:  channels.Inbound{Notices: []string{"Sent something that Messenger doesn't pass on. Look into the Page's inbox."}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, tt.event, tt.want)
		})
	}
}

// A customer does more than write messages. A reaction opens the reply window, unless it is taken back. A receipt is about
// all messages up to a time.
func TestDecodeEvent(t *testing.T) {
	t.Parallel()
	watermark := time.UnixMilli(1699999999000).UTC()
	tests := []struct {
		name  string
		event string
		want  channels.Inbound
	}{
		{
			name:  "reaction",
			event: `"reaction":{"mid":"m_9","action":"react","emoji":"❤️","reaction":"love"}`,
			want:  channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9", Emoji: "❤️"}, Opens: true},
		},
		{
			name:  "reaction without an emoji",
			event: `"reaction":{"mid":"m_9","action":"react","reaction":"other"}`,
			want:  channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9", Emoji: "❔"}, Opens: true},
		},
		{
			name:  "reaction taken back, which names no emoji",
			event: `"reaction":{"mid":"m_9","action":"unreact"}`,
			want:  channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9"}},
		},
		{
			name:  "edit",
			event: `"message_edit":{"mid":"m_9","text":"better","num_edit":2}`,
			want:  channels.Inbound{Kind: channels.InboundEdit, Change: channels.Change{Target: "m_9"}, Text: "better"},
		},
		{
			name:  "message taken back",
			event: `"message":{"mid":"m_9","is_deleted":true}`,
			want:  channels.Inbound{Kind: channels.InboundDelete, Change: channels.Change{Target: "m_9"}},
		},
		{
			name:  "read",
			event: `"read":{"watermark":1699999999000}`,
			want:  channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateRead, UpTo: watermark}},
		},
		{
			name:  "delivered, with the watermark as a string",
			event: `"delivery":{"mids":["m_8","m_9"],"watermark":"1699999999000"}`,
			want:  channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateDelivered, UpTo: watermark}},
		},
		{
			name:  "delivered, without a watermark",
			event: `"delivery":{"mids":["m_9"]}`,
			want: channels.Inbound{
				Kind:   channels.InboundStatus,
				Status: &channels.Status{State: channels.StateDelivered, External: []string{"m_9"}},
			},
		},
		{
			name:  "link that opened the conversation",
			event: `"referral":{"ref":"shop","source":"SHORTLINK","type":"OPEN_THREAD"}`,
			want: channels.Inbound{
				Kind:      channels.InboundMessage,
				Automatic: "link",
				Notices:   []string{"Came by an m.me link, ref “shop”."},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkDecoded(t, tt.event, tt.want)
		})
	}
}

// While another app holds the conversation, messages are kept, and nothing automatic happens with them.
func TestDecodeStandbyMessage(t *testing.T) {
	t.Parallel()
	got := decodeOnlyPage(t, plainChannel(t), hookBody("standby", `"message":{"mid":"m_1","text":"Hi"}`))
	wantEqual(t, "kind", got.Kind, channels.InboundMessage)
	wantEqual(t, "text", got.Text, "Hi")
	wantEqual(t, "reason for nothing automatic", got.Automatic, "standby")
	wantEqual(t, "number of notices", len(got.Notices), 1)
}

// policyBody makes a webhook about a measure that Facebook takes against the Page. It has no sender.
func policyBody(measure string) []byte {
	return fmt.Appendf(nil, `{"object": "page", "entry": [{"id": "%s", "messaging": [
		{"recipient": {"id": "%[1]s"}, "timestamp": %d, "policy_enforcement": %s}]}]}`, testPage, eventAt, measure)
}

// A measure against the Page becomes a notice for the account's agents, with Facebook's reason on one line, shortened if it
// is too long.
func TestDecodePolicyMeasure(t *testing.T) {
	t.Parallel()
	const blocked = "Facebook has blocked the messages of this Page: customers get nothing until it is unblocked."
	tests := []struct {
		name    string
		measure string
		want    string
	}{
		{
			name:    "block, with a reason of two lines",
			measure: `{"action":"block","reason":"Common violations\n include  sending spam."}`,
			want:    blocked + " Its reason: Common violations include sending spam.",
		},
		{
			name:    "block, with a long reason",
			measure: `{"action":"block","reason":"` + strings.Repeat("x", 999) + `"}`,
			want:    blocked + " Its reason: " + strings.Repeat("x", maxReason-1) + "…",
		},
		{
			name:    "unblock",
			measure: `{"action":"unblock"}`,
			want:    "Facebook has unblocked the messages of this Page.",
		},
		{
			name:    "warning",
			measure: `{"action":"warning","reason":"Spam."}`,
			want:    "Facebook warns that this Page breaks its rules, and may block its messages. Its reason: Spam.",
		},
		{
			name:    "measure that we don't know, with a reason of another type",
			measure: `{"action":"unpublish","reason":5}`,
			want:    "Facebook has taken a measure against this Page: unpublish.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			facts := splitPageHook(policyBody(tt.measure))
			if len(facts) != 1 {
				t.Fatalf("split into %+v, want one fact", facts)
			}
			wantFact(t, facts[0], "account:"+testPage)
			wantEqual(t, "id when it is told again", splitPageHook(policyBody(tt.measure))[0].ExternalID, facts[0].ExternalID)
			list, err := plainChannel(t).Decode(facts[0].Payload)
			noError(t, err)
			want := []channels.Inbound{{Kind: channels.InboundNotice, At: time.UnixMilli(eventAt).UTC(), Notices: []string{tt.want}}}
			if !reflect.DeepEqual(list, want) {
				t.Errorf("decoded as\n     %+v\nwant %+v", list, want)
			}
		})
	}
}
