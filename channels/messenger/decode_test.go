package messenger

import (
	"encoding/json"
	"fmt"
	"reflect"
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

// body puts one event of the customer into a webhook; what follows sender, recipient and
// timestamp is given.
func hookBody(key, event string) []byte {
	return fmt.Appendf(nil, `{"object":"page","entry":[{"id":"%s","time":1700000000999,"%s":[{"sender":{"id":"%s"},"recipient":{"id":"%s"},"timestamp":1700000000123,%s}]}]}`,
		testPage, key, testPSID, testPage, event)
}

// decodeOne takes a webhook with one event apart and decodes it.
func decodeOne(t *testing.T, c *Channel, body []byte) []channels.Inbound {
	t.Helper()
	facts := split(body)
	if len(facts) != 1 || facts[0].Quarantine != "" || facts[0].Owner != testPage || facts[0].OrderKey != testPSID {
		t.Fatalf("facts %+v", facts)
	}
	list, err := c.Decode(facts[0].Payload)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func attachments(list ...string) string {
	return `"message":{"mid":"m_1","attachments":[` + strings.Join(list, ",") + `]}`
}

func notice(text string) channels.Inbound { return channels.Inbound{Notices: []string{text}} }

func file(name, contentType, ref string, inline bool) channels.Inbound {
	return channels.Inbound{Attachments: []channels.Attachment{{Name: name, ContentType: contentType, Ref: ref, Inline: inline}}}
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
		"image": {attachments(`{"type":"image","payload":{"url":"` + cdn + `9_n.png?oh=1&oe=2"}}`), file("image.png", "image/png", cdn+"9_n.png?oh=1&oe=2", false)},
		"video": {attachments(`{"type":"video","payload":{"url":"` + cdn + `v"}}`), file("video.mp4", "video/mp4", cdn+"v", false)},
		"audio": {attachments(`{"type":"audio","payload":{"url":"` + cdn + `a.aac"}}`), file("audio.aac", "audio/mp4", cdn+"a.aac", false)},
		"file": {attachments(`{"type":"file","payload":{"url":"https://cdn.fbsbx.com/v/invoice%202.pdf?x=y"}}`),
			file("invoice 2.pdf", "application/pdf", "https://cdn.fbsbx.com/v/invoice%202.pdf?x=y", false)},
		"edge case 25: sticker only": {attachments(`{"type":"sticker","payload":{"url":"` + cdn + `s.webp","sticker_id":123}}`),
			file("sticker.webp", "image/webp", cdn+"s.webp", true)},
		"sticker as images were before August 2026": {attachments(`{"type":"image","payload":{"url":"` + cdn + `s.png","sticker_id":"123"}}`),
			file("sticker.png", "image/png", cdn+"s.png", true)},
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
			c.want.From.Key, c.want.At = testPSID, time.UnixMilli(1700000000123).UTC()
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
			c.want.From.Key, c.want.At = testPSID, time.UnixMilli(1700000000123).UTC()
			if len(list) != 1 || !reflect.DeepEqual(list[0], c.want) {
				t.Errorf("got  %+v\nwant %+v", list, c.want)
			}
		})
	}
	for _, event := range []string{`"optin":{"ref":"x"}`, `"account_linking":{"status":"linked"}`, `"something_of_2031":{}`, `"reaction":{"action":"react"}`, `"message_edit":{}`} {
		if list := decodeOne(t, plainChannel(t), hookBody("messaging", event)); len(list) != 0 {
			t.Errorf("%s became %+v", event, list)
		}
	}
}

// While another app holds the conversation, everything is kept and nothing is automatic.
func TestStandby(t *testing.T) {
	t.Parallel()
	list := decodeOne(t, plainChannel(t), hookBody("standby", `"message":{"mid":"m_1","text":"Hi"}`))
	if len(list) != 1 || list[0].Kind != channels.InboundMessage || list[0].Automatic != "standby" || list[0].Text != "Hi" || len(list[0].Notices) != 1 {
		t.Errorf("standby became %+v", list)
	}
	list = decodeOne(t, plainChannel(t), hookBody("standby", `"read":{"watermark":1699999999000}`))
	if len(list) != 1 || list[0].Kind != channels.InboundStatus || list[0].Automatic != "" {
		t.Errorf("a receipt on standby became %+v", list)
	}
}

// Edge case 23: echoes. Ours are known by their token, whichever of our keys signed it;
// all others are answers written elsewhere.
func TestEchoes(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	old, other, stranger := *c, *c, *c
	old.env.Keys = c.env.Keys[1:]
	other.page = "999"
	stranger.env.Keys = [][]byte{[]byte("somebody else's")}
	o := channels.Outbound{ConversationID: 7, MessageID: 42}
	echo := func(metadata string) []byte {
		m, _ := json.Marshal(metadata)
		return fmt.Appendf(nil, `{"object":"page","entry":[{"id":"%s","messaging":[{"sender":{"id":"%s"},"recipient":{"id":"%s"},"timestamp":1700000000123,
			"message":{"mid":"m_e","is_echo":true,"app_id":9000000001,"text":"Hello *you*","metadata":%s}}]}]}`, testPage, testPage, testPSID, m)
	}
	for name, metadata := range map[string]string{"new key": c.signedMetadata(o, false), "old key": old.signedMetadata(o, false)} {
		got := decodeOne(t, c, echo(metadata))[0]
		if got.Kind != channels.InboundOwn || got.Answers.Message != 42 || got.Answers.Conversation != 7 || got.ExternalID != "m_e" || got.From.Key != testPSID ||
			got.Status == nil || got.Status.MessageID != 42 || got.Status.State != channels.StateSent || got.Status.External[0] != "m_e" {
			t.Errorf("%s: own echo became %+v", name, got)
		}
	}
	if got := decodeOne(t, c, echo(c.signedMetadata(o, true)))[0]; got.Kind != channels.InboundOwn || got.Answers.Message != 42 || got.Status != nil {
		t.Errorf("the echo of a part became %+v", got)
	}
	good := c.signedMetadata(o, false)
	for name, metadata := range map[string]string{"none": "", "another app's": "order 5", "another page": other.signedMetadata(o, false), "forged": stranger.signedMetadata(o, false),
		"another message": strings.Replace(good, "m42", "m43", 1), "cut": good[:len(good)-1], "longer": good + "0", "part added": strings.Replace(good, "m42", "m42.p", 1)} {
		got := decodeOne(t, c, echo(metadata))[0]
		if got.Kind != channels.InboundForeign || got.Text != "Hello \\*you\\*" || got.Answers.Message != 0 || got.From.Key != testPSID || got.ExternalID != "m_e" {
			t.Errorf("metadata %s: foreign echo became %+v", name, got)
		}
	}
}

// A measure against the Page names nobody: the account's people are told, once for each time that it is taken. A customer's
// message beside it would be theirs.
func TestPolicyMeasures(t *testing.T) {
	t.Parallel()
	c := plainChannel(t)
	for measure, want := range map[string]string{
		`{"action":"block","reason":"Common violations\n include  sending spam."}`: "Facebook has blocked the messages of this Page: customers get nothing until it is unblocked. Its reason: Common violations include sending spam.",
		`{"action":"unblock"}`:                                           "Facebook has unblocked the messages of this Page.",
		`{"action":"warning","reason":"Spam."}`:                          "Facebook warns that this Page breaks its rules, and may block its messages. Its reason: Spam.",
		`{"action":"unpublish","reason":5}`:                              "Facebook has taken a measure against this Page: unpublish.",
		`{"action":"block","reason":"` + strings.Repeat("x", 999) + `"}`: "Facebook has blocked the messages of this Page: customers get nothing until it is unblocked. Its reason: " + strings.Repeat("x", 299) + "…",
	} {
		body := fmt.Appendf(nil, `{"object":"page","entry":[{"id":"%s","messaging":[{"recipient":{"id":"%[1]s"},"timestamp":1458692752478,"policy_enforcement":%s}]}]}`, testPage, measure)
		facts := split(body)
		if len(facts) != 1 || facts[0].Quarantine != "" || facts[0].OrderKey != "account:"+testPage || facts[0].Owner != testPage || facts[0].ExternalID != split(body)[0].ExternalID {
			t.Fatalf("%s: facts %+v", measure, facts)
		}
		list, err := c.Decode(facts[0].Payload)
		if err != nil || len(list) != 1 || list[0].Kind != channels.InboundNotice || list[0].At.UnixMilli() != 1458692752478 || len(list[0].Notices) != 1 || list[0].Notices[0] != want {
			t.Errorf("%s: %+v, %v; want %q", measure, list, err, want)
		}
	}
	if list := decodeOne(t, c, hookBody("messaging", `"message":{"mid":"m_1","text":"Hi"},"policy_enforcement":{"action":"block"}`)); len(list) != 1 || list[0].Text != "Hi" {
		t.Errorf("a customer's message became %+v", list)
	}
}
