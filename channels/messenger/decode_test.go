package messenger

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

const testPSID = "2500100200300400"

// plainChannel decodes; it talks to nobody.
func plainChannel(t testing.TB) *Channel {
	t.Helper()
	c, err := newChannel(channels.Account{Config: config()}, channels.Env{Keys: [][]byte{[]byte("new key"), []byte("old key")}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventAt is the time of the events of hookBody, in milliseconds.
const eventAt = 1700000000123

// hookBody makes a webhook with one event of the customer. list is where it stands: "messaging", or "standby" while another
// app holds the conversation. event is what follows its sender, recipient and timestamp.
func hookBody(list, event string) []byte {
	return fmt.Appendf(nil, `{"object":"page","entry":[{"id":"%s","time":1700000000999,"%s":[{"sender":{"id":"%s"},"recipient":{"id":"%s"},"timestamp":%d,%s}]}]}`,
		testPage, list, testPSID, testPage, eventAt, event)
}

// decodeOne splits a webhook that has one event of the customer, and decodes that.
func decodeOne(t *testing.T, c *Channel, body []byte) []channels.Inbound {
	t.Helper()
	facts := split(body)
	if len(facts) != 1 {
		t.Fatalf("split into %+v, want one fact", facts)
	}
	wantFact(t, facts[0], testPSID)
	list, err := c.Decode(facts[0].Payload)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// wantFact checks that a fact is for the Page, in the order of orderKey and not in quarantine.
func wantFact(t *testing.T, f channels.Fact, orderKey string) {
	t.Helper()
	wantEqual(t, "order key", f.OrderKey, orderKey)
	wantEqual(t, "owner", f.Owner, testPage)
	wantEqual(t, "quarantine", f.Quarantine, "")
}

func attachments(list ...string) string {
	return `"message":{"mid":"m_1","attachments":[` + strings.Join(list, ",") + `]}`
}

// What a message becomes of which nothing but a notice, a file or a sticker is shown.
func notice(text string) channels.Inbound { return channels.Inbound{Notices: []string{text}} }

func file(name, contentType, ref string) channels.Inbound {
	return channels.Inbound{Attachments: []channels.Attachment{{Name: name, ContentType: contentType, Ref: ref}}}
}

func sticker(name, contentType, ref string) channels.Inbound {
	return channels.Inbound{Attachments: []channels.Attachment{{Name: name, ContentType: contentType, Ref: ref, Inline: true}}}
}

// Every kind of message that a customer can send. From, At, Kind and ExternalID are the same in
// all of them and left out.
func TestDecodeMessages(t *testing.T) {
	t.Parallel()
	const cdn = "https://scontent.xx.fbcdn.net/v/t1/"
	for name, c := range map[string]struct {
		event string
		want  channels.Inbound
	}{
		"text": {`"message":{"mid":"m_1","text":"Hi *there*\nsecond_line"}`, channels.Inbound{Text: "Hi \\*there\\*\nsecond_line"}},
		"quick reply": {`"message":{"mid":"m_1","text":"Yes","quick_reply":{"payload":"yes-1"}}`,
			channels.Inbound{Text: "Yes", Chosen: "yes-1"}},
		"edge case 13: reply to an unknown message": {`"message":{"mid":"m_1","text":"this one","reply_to":{"mid":"m_nobody_knows","is_self_reply":true}}`,
			channels.Inbound{Text: "this one", Answers: channels.Answers{External: "m_nobody_knows"}}},
		"ad": {`"message":{"mid":"m_1","text":"Hi","referral":{"source":"ADS","ad_id":"77","ref":"summer","ads_context_data":{"ad_title":"Half\nprice"}}}`,
			channels.Inbound{Text: "Hi", Notices: []string{"Came by an ad “Half price”, ref “summer”."}}},
		"shop": {`"message":{"mid":"m_1","text":"Hi","referral":{"product":{"id":"P9"}}}`,
			channels.Inbound{Text: "Hi", Notices: []string{"Came by a link, product P9."}}},
		"image": {attachments(`{"type":"image","payload":{"url":"` + cdn + `9_n.png?oh=1&oe=2"}}`), file("image.png", "image/png", cdn+"9_n.png?oh=1&oe=2")},
		"video": {attachments(`{"type":"video","payload":{"url":"` + cdn + `v"}}`), file("video.mp4", "video/mp4", cdn+"v")},
		"audio": {attachments(`{"type":"audio","payload":{"url":"` + cdn + `a.aac"}}`), file("audio.aac", "audio/mp4", cdn+"a.aac")},
		"file": {attachments(`{"type":"file","payload":{"url":"https://cdn.fbsbx.com/v/invoice%202.pdf?x=y"}}`),
			file("invoice 2.pdf", "application/pdf", "https://cdn.fbsbx.com/v/invoice%202.pdf?x=y")},
		"edge case 25: sticker only": {attachments(`{"type":"sticker","payload":{"url":"` + cdn + `s.webp","sticker_id":123}}`),
			sticker("sticker.webp", "image/webp", cdn+"s.webp")},
		"sticker as images were before August 2026": {attachments(`{"type":"image","payload":{"url":"` + cdn + `s.png","sticker_id":"123"}}`),
			sticker("sticker.png", "image/png", cdn+"s.png")},
		"thumb":                                  {attachments(`{"type":"sticker","payload":{"url":"` + cdn + `t.png","sticker_id":369239263222822}}`), channels.Inbound{Text: "👍"}},
		"edge case 25: fallback without payload": {attachments(`{"type":"fallback","title":"A post","payload":null}`), channels.Inbound{Text: "A post"}},
		"edge case 25: fallback with nothing":    {attachments(`{"type":"fallback"}`), notice("Shared something (fallback) that Messenger doesn't pass on. Look into the Page's inbox.")},
		"fallback previews the text's link": {`"message":{"mid":"m_1","text":"see https://acme.test/a","attachments":[{"type":"fallback","payload":{"url":"https://acme.test/a","title":"Acme"}}]}`,
			channels.Inbound{Text: "see https://acme.test/a"}},
		"fallback leads nowhere it must not": {attachments(`{"type":"fallback","title":"x","payload":{"url":"javascript:alert(1)"}}`), channels.Inbound{Text: "x"}},
		"reel":                               {attachments(`{"type":"ig_reel","payload":{"url":"https://instagram.test/r/1","title":"A reel","reel_video_id":5}}`), channels.Inbound{Text: "A reel\nhttps://instagram.test/r/1"}},
		"post":                               {attachments(`{"type":"post","payload":{"url":"https://facebook.test/p/1"}}`), channels.Inbound{Text: "https://facebook.test/p/1"}},
		"location": {attachments(`{"type":"location","payload":{"title":"The office","coordinates":{"lat":48.1,"long":11.5}}}`),
			channels.Inbound{Text: "📍 The office\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5"}},
		"location without coordinates": {attachments(`{"type":"location","payload":{}}`), notice("Sent a location that Messenger doesn't pass on. Look into the Page's inbox.")},
		"coordinates as strings": {attachments(`{"type":"location","title":7,"payload":{"title":"The office","coordinates":{"lat":"48.1","long":"11.5"}}}`),
			channels.Inbound{Text: "📍 The office\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5"}},
		"text beside a field of another type": {`"message":{"mid":"m_1","text":"Hi","is_echo":"false","quick_reply":"x"}`, channels.Inbound{Text: "Hi"}},
		"template":                            {attachments(`{"type":"template","payload":{"product":{"elements":[{"title":"Red shoes","subtitle":"$9"}]}}}`), channels.Inbound{Text: "Red shoes\n$9"}},
		"appointment": {attachments(`{"type":"appointment_booking","payload":{"appointment_id":"1"}}`),
			notice("Shared something (appointment_booking) that Messenger doesn't pass on. Look into the Page's inbox.")},
		"edge case 15: unknown type": {attachments(`{"type":"hologram","payload":{"x":1}}`),
			notice("Sent something of a kind that isn't known here (hologram). Look into the Page's inbox.")},
		"edge case 15: type without payload": {attachments(`{"type":"image"}`), notice("Sent an image that Messenger doesn't pass on. Look into the Page's inbox.")},
		"edge case 15: payload of another shape": {attachments(`{"type":"video","payload":[1,2]}`),
			notice("Sent a video that Messenger doesn't pass on. Look into the Page's inbox.")},
		"edge case 15: nothing at all": {`"message":{"mid":"m_1"}`, notice("Sent something that Messenger doesn't pass on. Look into the Page's inbox.")},
		"address too long": {attachments(`{"type":"image","payload":{"url":"` + cdn + strings.Repeat("x", maxRefBytes) + `"}}`),
			notice("Sent an image whose address is too long to be fetched. Look into the Page's inbox.")},
		"postback": {`"postback":{"mid":"m_1","title":"Talk to us","payload":"human","referral":{"source":"SHORTLINK","ref":"box"}}`,
			channels.Inbound{Text: "Talk to us", Chosen: "human", Notices: []string{"Came by an m.me link, ref “box”."}}},
		"postback without words": {`"postback":{"mid":"m_1","payload":"GET_STARTED"}`, channels.Inbound{Chosen: "GET_STARTED", Notices: []string{"Tapped a button."}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := decodeOne(t, plainChannel(t), hookBody("messaging", c.event))
			c.want.Kind, c.want.ExternalID = channels.InboundMessage, "m_1"
			c.want.From.Key, c.want.At = testPSID, time.UnixMilli(eventAt).UTC()
			if len(list) != 1 || !reflect.DeepEqual(list[0], c.want) {
				t.Errorf("got  %+v\nwant %+v", list, c.want)
			}
		})
	}
}

// What a customer does besides writing.
func TestDecodeOthers(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1699999999000).UTC()
	for name, c := range map[string]struct {
		event string
		want  channels.Inbound
	}{
		"reaction": {`"reaction":{"mid":"m_9","action":"react","emoji":"❤️","reaction":"love"}`,
			channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9", Emoji: "❤️"}, Opens: true}},
		"reaction that is only named": {`"reaction":{"mid":"m_9","action":"react","reaction":"wow"}`,
			channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9", Emoji: "😮"}, Opens: true}},
		"reaction of another version": {`"reaction":{"mid":"m_9","action":"react","reaction":"other"}`,
			channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9", Emoji: "❔"}, Opens: true}},
		"edge case 12: reaction removed without emoji": {`"reaction":{"mid":"m_9","action":"unreact"}`,
			channels.Inbound{Kind: channels.InboundReaction, Change: channels.Change{Target: "m_9"}, Opens: true}},
		"edit": {`"message_edit":{"mid":"m_9","text":"better","num_edit":2}`,
			channels.Inbound{Kind: channels.InboundEdit, Change: channels.Change{Target: "m_9"}, Text: "better"}},
		"read": {`"read":{"watermark":1699999999000}`,
			channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateRead, UpTo: at}}},
		"delivered": {`"delivery":{"mids":["m_8","m_9"],"watermark":"1699999999000"}`,
			channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateDelivered, UpTo: at}}},
		"delivered without watermark": {`"delivery":{"mids":["m_9"]}`,
			channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateDelivered, External: []string{"m_9"}}}},
		"link": {`"referral":{"ref":"shop","source":"SHORTLINK","type":"OPEN_THREAD"}`,
			channels.Inbound{Kind: channels.InboundMessage, Automatic: "link", Notices: []string{"Came by an m.me link, ref “shop”."}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := decodeOne(t, plainChannel(t), hookBody("messaging", c.event))
			c.want.From.Key, c.want.At = testPSID, time.UnixMilli(eventAt).UTC()
			if len(list) != 1 || !reflect.DeepEqual(list[0], c.want) {
				t.Errorf("got  %+v\nwant %+v", list, c.want)
			}
		})
	}
}

// swapSides makes the event of a webhook one of the Page, to the customer.
func swapSides(body []byte) []byte {
	return []byte(strings.NewReplacer(`"sender":{"id":"`+testPSID, `"sender":{"id":"`+testPage, `"recipient":{"id":"`+testPage, `"recipient":{"id":"`+testPSID).
		Replace(string(body)))
}

// What the Page itself taps, reacts, edits or opens is nobody's message: it isn't the customer's.
func TestOwnTaps(t *testing.T) {
	t.Parallel()
	for _, event := range []string{
		`"postback":{"mid":"m_1","title":"Talk to us","payload":"human"}`,
		`"reaction":{"mid":"m_1","action":"react","emoji":"❤"}`,
		`"message_edit":{"mid":"m_1","text":"Other words"}`,
		`"referral":{"source":"SHORTLINK","ref":"box"}`,
	} {
		if list := decodeOne(t, plainChannel(t), hookBody("messaging", event)); len(list) != 1 {
			t.Errorf("%s of a customer became %+v, want one thing", event, list)
		}
		if list := decodeOne(t, plainChannel(t), swapSides(hookBody("messaging", event))); len(list) != 0 {
			t.Errorf("%s of the Page became %+v, want nothing", event, list)
		}
	}
}

// Events of other kinds, and those that name no message, mean nothing to us.
func TestDecodeNothing(t *testing.T) {
	t.Parallel()
	for _, event := range []string{
		`"optin":{"ref":"x"}`,
		`"account_linking":{"status":"linked"}`,
		`"something_of_2031":{}`,
		`"reaction":{"action":"react"}`,
		`"message_edit":{}`,
	} {
		if list := decodeOne(t, plainChannel(t), hookBody("messaging", event)); len(list) != 0 {
			t.Errorf("%s became %+v, want nothing", event, list)
		}
	}
}

// While another app holds the conversation, everything is kept and nothing is automatic.
func TestStandby(t *testing.T) {
	t.Parallel()
	message := decodeOnly(t, plainChannel(t), hookBody("standby", `"message":{"mid":"m_1","text":"Hi"}`))
	wantEqual(t, "kind", message.Kind, channels.InboundMessage)
	wantEqual(t, "text", message.Text, "Hi")
	wantEqual(t, "why nothing automatic happens", message.Automatic, "standby")
	wantEqual(t, "notices", len(message.Notices), 1)

	receipt := decodeOnly(t, plainChannel(t), hookBody("standby", `"read":{"watermark":1699999999000}`))
	wantEqual(t, "kind", receipt.Kind, channels.InboundStatus)
	wantEqual(t, "why nothing automatic happens", receipt.Automatic, "")
}

// decodeOnly is decodeOne for an event that means one thing.
func decodeOnly(t *testing.T, c *Channel, body []byte) channels.Inbound {
	t.Helper()
	list := decodeOne(t, c, body)
	if len(list) != 1 {
		t.Fatalf("decoded as %+v, want one", list)
	}
	return list[0]
}

// echoBody makes the webhook of an echo: of a message that the Page sent, with this metadata.
func echoBody(metadata string) []byte {
	m, err := json.Marshal(metadata)
	if err != nil {
		panic(err) // a string always can be written
	}
	return fmt.Appendf(nil, `{"object":"page","entry":[{"id":"%s","messaging":[{"sender":{"id":"%s"},"recipient":{"id":"%s"},"timestamp":%d,
		"message":{"mid":"m_e","is_echo":true,"app_id":9000000001,"text":"Hello *you*","metadata":%s}}]}]}`, testPage, testPage, testPSID, eventAt, m)
}

// Edge case 23: echoes of our messages are known by their token, whichever of our keys signed it.
func TestOwnEchoes(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	old := *c
	old.env.Keys = c.env.Keys[1:]
	o := channels.Outbound{ConversationID: testConversation, MessageID: 42}
	for name, metadata := range map[string]string{"new key": c.signedMetadata(o, false), "old key": old.signedMetadata(o, false)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decodeOnly(t, c, echoBody(metadata))
			wantEqual(t, "kind", got.Kind, channels.InboundOwn)
			wantEqual(t, "id", got.ExternalID, "m_e")
			wantEqual(t, "customer", got.From.Key, testPSID)
			wantEqual(t, "our message", got.Answers.Message, o.MessageID)
			wantEqual(t, "our conversation", got.Answers.Conversation, o.ConversationID)
			want := &channels.Status{State: channels.StateSent, MessageID: o.MessageID, External: []string{"m_e"}}
			if !reflect.DeepEqual(got.Status, want) {
				t.Errorf("got the status %+v, want %+v", got.Status, want)
			}
		})
	}
	t.Run("a part of a message says nothing of the whole", func(t *testing.T) {
		t.Parallel()
		got := decodeOnly(t, c, echoBody(c.signedMetadata(o, true)))
		wantEqual(t, "kind", got.Kind, channels.InboundOwn)
		wantEqual(t, "our message", got.Answers.Message, o.MessageID)
		wantEqual(t, "status", got.Status, nil)
	})
}

// Edge case 23: an echo without a token of ours is an answer that was written elsewhere.
func TestForeignEchoes(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	otherPage, stranger := *c, *c
	otherPage.page = "999"
	stranger.env.Keys = [][]byte{[]byte("somebody else's")}
	o := channels.Outbound{ConversationID: testConversation, MessageID: 42}
	ours := c.signedMetadata(o, false)
	for name, metadata := range map[string]string{
		"none":            "",
		"another app's":   "order 5",
		"another Page":    otherPage.signedMetadata(o, false),
		"forged":          stranger.signedMetadata(o, false),
		"another message": strings.Replace(ours, "m42", "m43", 1),
		"cut":             ours[:len(ours)-1],
		"longer":          ours + "0",
		"part added":      strings.Replace(ours, "m42", "m42.p", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decodeOnly(t, c, echoBody(metadata))
			wantEqual(t, "kind", got.Kind, channels.InboundForeign)
			wantEqual(t, "id", got.ExternalID, "m_e")
			wantEqual(t, "customer", got.From.Key, testPSID)
			wantEqual(t, "text", got.Text, "Hello \\*you\\*")
			wantEqual(t, "our message", got.Answers.Message, 0)
		})
	}
}

// A measure against the Page names nobody: the account's people are told, once for each time that it is taken.
func TestPolicyMeasures(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	for measure, want := range map[string]string{
		`{"action":"block","reason":"Common violations\n include  sending spam."}`: "Facebook has blocked the messages of this Page: customers get nothing until it is unblocked. Its reason: Common violations include sending spam.",
		`{"action":"unblock"}`:                                           "Facebook has unblocked the messages of this Page.",
		`{"action":"warning","reason":"Spam."}`:                          "Facebook warns that this Page breaks its rules, and may block its messages. Its reason: Spam.",
		`{"action":"unpublish","reason":5}`:                              "Facebook has taken a measure against this Page: unpublish.",
		`{"action":"block","reason":"` + strings.Repeat("x", 999) + `"}`: "Facebook has blocked the messages of this Page: customers get nothing until it is unblocked. Its reason: " + strings.Repeat("x", maxReason-1) + "…",
	} {
		body := fmt.Appendf(nil, `{"object":"page","entry":[{"id":"%s","messaging":[{"recipient":{"id":"%[1]s"},"timestamp":%d,"policy_enforcement":%s}]}]}`, testPage, eventAt, measure)
		facts := split(body)
		if len(facts) != 1 {
			t.Fatalf("%s: split into %+v, want one fact", measure, facts)
		}
		wantFact(t, facts[0], "account:"+testPage)
		wantEqual(t, "id when it is told again", split(body)[0].ExternalID, facts[0].ExternalID)

		list, err := c.Decode(facts[0].Payload)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: decoded as %+v, %v; want one", measure, list, err)
		}
		wantEqual(t, "kind", list[0].Kind, channels.InboundNotice)
		wantEqual(t, "time", list[0].At.UnixMilli(), eventAt)
		if !slices.Equal(list[0].Notices, []string{want}) {
			t.Errorf("%s: got the notices %q, want %q", measure, list[0].Notices, want)
		}
	}
}

// A customer's message beside a measure is hers, and not of the measure.
func TestMessageBesideAPolicyMeasure(t *testing.T) {
	t.Parallel()
	got := decodeOnly(t, plainChannel(t), hookBody("messaging", `"message":{"mid":"m_1","text":"Hi"},"policy_enforcement":{"action":"block"}`))
	wantEqual(t, "text", got.Text, "Hi")
}
