package whatsapp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// hook makes a webhook with one change.
func hook(field, value string) []byte {
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"2066","time":1763631000,"changes":[{"field":"` + field + `","value":` + value + `}]}]}`)
}

// messageHook makes a webhook with Ann's messages.
func messageHook(messages ...string) []byte {
	return hook("messages", `{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100","phone_number_id":"1055"},`+
		`"contacts":[{"profile":{"name":"Ann Lee"},"wa_id":"491701234567"}],"messages":[`+strings.Join(messages, ",")+`]}`)
}

// from makes a message of Ann's: the rest is what differs.
func from(rest string) string {
	return `{"from":"491701234567","id":"wamid.1","timestamp":"1763631000",` + rest + `}`
}

// decodeHook splits and decodes a webhook.
func decodeHook(t *testing.T, body []byte) []channels.Inbound {
	t.Helper()
	c := &Channel{env: channels.Env{Keys: testKeys()}}
	var list []channels.Inbound
	for _, f := range split(body) {
		if f.Quarantine != "" {
			t.Fatalf("quarantined: %s", f.Quarantine)
		}
		in, err := c.Decode(f.Payload)
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		list = append(list, in...)
	}
	return list
}

// TestDecodeContent: every kind of message becomes words, and files to fetch.
func TestDecodeContent(t *testing.T) {
	t.Parallel()
	unseen := func(kind string, more ...string) channels.Inbound {
		return channels.Inbound{Notices: append([]string{unshownNotice(kind)}, more...)}
	}
	for name, c := range map[string]struct {
		message string
		text    string
		files   string // name, content type and ref, or content
		more    channels.Inbound
	}{
		"text":            {message: `"type":"text","text":{"body":"Hello *there*\n_you_"}`, text: "Hello **there**\n*you*"},
		"markdown":        {message: `"type":"text","text":{"body":"# no <b>heading</b> [x](y)"}`, text: `\# no \<b>heading\</b> \[x\](y)`},
		"NUL":             {message: `"type":"text","text":{"body":"a\u0000b"}`, text: "ab"},
		"picture":         {message: `"type":"image","image":{"id":"77","mime_type":"image/jpeg","sha256":"abc=","caption":"my *cat*"}`, text: "my **cat**", files: `image.jpg image/jpeg {"id":"77","sha256":"abc="}`},
		"voice":           {message: `"type":"audio","audio":{"id":"77","mime_type":"audio/ogg; codecs=opus","sha256":"abc","voice":true}`, files: `voice-message.ogg audio/ogg {"id":"77","sha256":"abc"}`},
		"sound":           {message: `"type":"audio","audio":{"id":"77","mime_type":"audio/mpeg"}`, files: `audio.mp3 audio/mpeg {"id":"77"}`},
		"film":            {message: `"type":"video","video":{"id":"77","mime_type":"video/mp4"}`, files: `video.mp4 video/mp4 {"id":"77"}`},
		"document":        {message: `"type":"document","document":{"id":"77","mime_type":"application/pdf","filename":"a\nb.pdf"}`, files: `a b.pdf application/pdf {"id":"77"}`},
		"sticker":         {message: `"type":"sticker","sticker":{"id":"77","mime_type":"image/webp","animated":true}`, files: `sticker.webp image/webp {"id":"77"}`},
		"media id number": {message: `"type":"image","image":{"id":77,"mime_type":"image/png"}`, files: `image.png image/png {"id":"77"}`},
		"place": {message: `"type":"location","location":{"latitude":37.5,"longitude":-122.25,"name":"Philz *Coffee*","address":"101 Forest Ave","url":"https://philzcoffee.com/"}`,
			text: "**Philz \\*Coffee\\***\n101 Forest Ave\n📍 [37.5,-122.25](https://www.google.com/maps?q=37.5,-122.25)\nhttps://philzcoffee.com/"},
		"place on the equator": {message: `"type":"location","location":{"latitude":0,"longitude":0}`, text: "📍 [0,0](https://www.google.com/maps?q=0,0)"},
		"button": {message: `"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"cancel","title":"Cancel"}},"context":{"from":"15550100","id":"wamid.0"}`, text: "Cancel", more: channels.Inbound{
			Answers: channels.Answers{External: "wamid.0"},
			Chosen:  "cancel",
		}},
		"row":                 {message: `"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"x","title":"Express","description":"Next day"}}`, text: "Express\nNext day", more: channels.Inbound{Chosen: "x"}},
		"form":                {message: `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"flow_token\":\"t\",\"size\":\"M\",\"count\":2}"}}`, text: "- **count**: 2\n- **size**: M"},
		"form without fields": {message: `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","response_json":"{}"}}`, text: "Sent"},
		"template's button":   {message: `"type":"button","button":{"payload":"stop","text":"Unsubscribe"}`, text: "Unsubscribe", more: channels.Inbound{Chosen: "stop"}},
		"order": {message: `"type":"order","order":{"catalog_id":"1","text":"soon please","product_items":[{"product_retailer_id":"shirt","quantity":2,"item_price":30.5,"currency":"USD"},{"product_retailer_id":"hat","quantity":1,"item_price":25,"currency":"USD"}]}`,
			text: "**Order**\n- 2 × shirt: 30.5 USD each\n- 1 × hat: 25 USD each\n\nTotal: 86 USD\n\nsoon please"},
		"forwarded":       {message: `"type":"text","text":{"body":"x"},"context":{"forwarded":true}`, text: "x", more: channels.Inbound{Notices: []string{"Forwarded."}}},
		"forwarded often": {message: `"type":"text","text":{"body":"x"},"context":{"frequently_forwarded":true}`, text: "x", more: channels.Inbound{Notices: []string{"Forwarded many times."}}},
		"about a product": {message: `"type":"text","text":{"body":"x"},"context":{"id":"wamid.0","referred_product":{"catalog_id":"1","product_retailer_id":"shirt"}}`, text: "x",
			more: channels.Inbound{
				Answers: channels.Answers{External: "wamid.0"},
				Notices: []string{"Asked about product shirt of catalogue 1."},
			}},
		"from an ad": {message: `"type":"text","text":{"body":"x"},"referral":{"source_url":"https://fb.me/x","source_type":"ad","headline":"Chat","body":"Succulents"}`, text: "x",
			more: channels.Inbound{Notices: []string{"Came from this ad: Chat · Succulents · https://fb.me/x"}}},
		"unsupported": {message: `"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown","error_data":{"details":"Message type is currently not supported."}}],"unsupported":{"type":"poll"}`,
			more: unseen("poll", "WhatsApp says: Message type is currently not supported.")},
		"unsupported of old": {message: `"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown"}]`, more: unseen("", "WhatsApp says: Message type unknown")},
		"a new kind":         {message: `"type":"hologram","hologram":{"id":1}`, more: unseen("hologram")},
		"no kind":            {message: `"text":{"body":"x"}`, more: unseen("")},
	} {
		list := decodeHook(t, messageHook(from(c.message)))
		if len(list) != 1 {
			t.Errorf("%s: %d things", name, len(list))
			continue
		}
		in := list[0]
		want := c.more
		want.Kind, want.ExternalID, want.Text = channels.InboundMessage, "wamid.1", c.text
		want.From = channels.Party{Key: annPhone, Name: "Ann Lee"}
		want.At = time.Unix(1763631000, 0).UTC()
		if c.files != "" {
			var got []string
			for _, a := range in.Attachments {
				got = append(got, a.Name+" "+a.ContentType+" "+a.Ref)
			}
			if strings.Join(got, "\n") != c.files {
				t.Errorf("%s: files %q, want %q", name, got, c.files)
			}
			in.Attachments = nil
		}
		if !reflect.DeepEqual(in, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, in, want)
		}
	}
}

// TestEdge15TypeWithoutPayload: edge case 15: a known kind without its object, with a wrong
// one, and an unknown kind are shown as what they are: something that can't be shown. No words are the customer's.
func TestEdge15TypeWithoutPayload(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "button",
		"order", "reaction", "edit", "revoke", "system", "poll"} {
		for _, rest := range []string{"", `,"` + kind + `":null`, `,"` + kind + `":"?"`, `,"` + kind + `":[]`, `,"` + kind + `":{}`, `,"` + kind + `":{"id":{}}`} {
			list := decodeHook(t, messageHook(from(`"type":"`+kind+`"`+rest)))
			if len(list) != 1 || list[0].Kind != channels.InboundMessage || list[0].Text != "" || !strings.Contains(strings.Join(list[0].Notices, "\n"), "doesn't pass on") {
				if kind == "order" && strings.HasSuffix(rest, "{}") || kind == "order" && strings.Contains(rest, "{\"id\"") {
					continue // an order of nothing is an order
				}
				t.Errorf("%s%s became %+v", kind, rest, list)
			}
		}
	}
}

// A field of another type than Meta documents hides nothing of the message, and a number may be written as a string.
func TestOddTypes(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`"type":"order","order":{"product_items":[{"product_retailer_id":"A1","quantity":"2","item_price":"9.50","currency":"EUR"}]}`: "2 × A1: 9.5 EUR each\n\nTotal: 19 EUR",
		`"type":"order","order":{"product_items":[{"product_retailer_id":"A1","quantity":{},"item_price":9,"currency":"EUR"}]}`:       "- ? × A1: 9 EUR each",
		`"type":"location","location":{"latitude":"48.1","longitude":"11.5","name":7}`:                                                "[48.1,11.5]",
		`"type":"location","location":{"latitude":"north","longitude":11.5}`:                                                          unshownNotice("location"),
		`"type":"audio","audio":{"id":"M1","mime_type":"audio/ogg","voice":"yes"}`:                                                    "",
		`"type":"text","text":{"body":"Hi"},"errors":[{"code":"131051","title":"Odd"}]`:                                               "Hi",
		`"type":"text","text":{"body":"Hi"},"context":{"forwarded":"true","id":"wamid.0"}`:                                            "Hi",
	} {
		list := decodeHook(t, messageHook(from(message)))
		if len(list) != 1 || !strings.Contains(list[0].Text+strings.Join(list[0].Notices, ""), want) || want == "" && len(list[0].Attachments) != 1 {
			t.Errorf("%s: %+v", message, list)
		}
	}
}

// TestEdge12ReactionRemoved: edge case 12: a reaction without an emoji, or with an empty
// one, is taken back.
func TestEdge12ReactionRemoved(t *testing.T) {
	t.Parallel()
	for emoji, want := range map[string]string{`,"emoji":"👍"`: "👍", `,"emoji":"\ud83d\udc4d\ud83c\udffd"`: "👍🏽", ``: "", `,"emoji":""`: "", `,"emoji":null`: ""} {
		list := decodeHook(t, messageHook(from(`"type":"reaction","reaction":{"message_id":"wamid.0"`+emoji+`}`)))
		if len(list) != 1 || list[0].Kind != channels.InboundReaction || list[0].Change.Target != "wamid.0" || list[0].Change.Emoji != want || list[0].Opens {
			t.Errorf("%s became %+v", emoji, list)
		}
	}
}

// TestEdge13UnknownTargets: edge case 13: a reply or reaction to what nobody knows still
// names it; nothing is looked up here.
func TestEdge13UnknownTargets(t *testing.T) {
	t.Parallel()
	list := decodeHook(t, messageHook(from(`"type":"text","text":{"body":"x"},"context":{"from":"1","id":"wamid.unknown"}`)))
	if len(list) != 1 || list[0].Answers.External != "wamid.unknown" || list[0].Text != "x" {
		t.Errorf("became %+v", list)
	}
}

// TestEdge14EditAndRevoke: edge case 14: edits and deletions name the message that they
// are about, which may come later than they do.
func TestEdge14EditAndRevoke(t *testing.T) {
	t.Parallel()
	list := decodeHook(t, messageHook(
		from(`"type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"*new*"}}}`),
		`{"from":"491701234567","id":"wamid.2","timestamp":"1763631001","type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"image","image":{"id":"7","caption":"seen"}}}}`,
		`{"from":"491701234567","id":"wamid.3","timestamp":"1763631002","type":"revoke","revoke":{"original_message_id":"wamid.0"}}`))
	if len(list) != 3 {
		t.Fatalf("%+v", list)
	}
	for i, want := range []struct {
		kind channels.InboundKind
		text string
	}{{channels.InboundEdit, "**new**"}, {channels.InboundEdit, "seen"}, {channels.InboundDelete, ""}} {
		if in := list[i]; in.Kind != want.kind || in.Text != want.text || in.Change.Target != "wamid.0" || len(in.Attachments) != 0 {
			t.Errorf("%d: %+v", i, in)
		}
	}
}

// TestContacts: cards become words and vCards.
//
func TestContacts(t *testing.T) {
	t.Parallel()
	list := decodeHook(t, messageHook(from(`"type":"contacts","contacts":[{"name":{"formatted_name":"Lucía/Gómez","first_name":"Lucía","last_name":"Gó;mez"},`+
		`"org":{"company":"Acme, Inc"},"phones":[{"phone":"+1 (983) 555-2319","wa_id":"19835552319","type":"MOBILE"}],"emails":[{"email":"l@acme.test","type":"W;X"}]},`+
		`{"vcard":"BEGIN:VCARD","name":{"first_name":"Bob"}}]`)))
	if len(list) != 1 || len(list[0].Attachments) != 2 {
		t.Fatalf("%+v", list)
	}
	if want := "👤 **Lucía/Gómez**\nAcme, Inc\n+1 (983) 555-2319\nl@acme.test\n\n👤 **Bob**"; list[0].Text != want {
		t.Errorf("text %q", list[0].Text)
	}
	a := list[0].Attachments[0]
	want := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Gó\\;mez;Lucía;;;\r\nFN:Lucía/Gómez\r\nORG:Acme\\, Inc;\r\nTEL;TYPE=MOBILE:+1 (983) 555-2319\r\nEMAIL:l@acme.test\r\nEND:VCARD\r\n"
	if a.Name != "Lucía-Gómez.vcf" || a.ContentType != "text/vcard" || string(a.Content) != want {
		t.Errorf("%s %s %q", a.Name, a.ContentType, a.Content)
	}
	if b := list[0].Attachments[1]; b.Name != "Bob.vcf" || !strings.HasPrefix(string(b.Content), "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;Bob;;;\r\nFN:Bob\r\n") {
		t.Errorf("%s %q", b.Name, b.Content)
	}
}

// TestEdge10UserIDOnly: edge case 10: a customer without a phone number is known by his
// user id; when the number comes later he is the same one.
func TestEdge10UserIDOnly(t *testing.T) {
	t.Parallel()
	const user = "US.13491208655302741918"
	for name, c := range map[string]struct {
		contact, ids string
		want         channels.Party
	}{
		"user id alone": {`{"profile":{"name":"Ann","username":"annlee"},"user_id":"` + user + `"}`, `"from_user_id":"` + user + `"`, channels.Party{Key: user, Name: "Ann", Lasting: true}},
		"both":          {`{"profile":{"name":"Ann"},"user_id":"` + user + `","wa_id":"491701234567"}`, `"from":"491701234567","from_user_id":"` + user + `"`, channels.Party{Key: user, Name: "Ann", Also: []string{annPhone}, Lasting: true}},
		"contact knows": {`{"profile":{"name":"Ann"},"user_id":"` + user + `","wa_id":"491701234567"}`, `"from":"491701234567"`, channels.Party{Key: user, Name: "Ann", Also: []string{annPhone}, Lasting: true}},
		"phone alone":   {`{"profile":{},"wa_id":"491701234567"}`, `"from":"491701234567"`, channels.Party{Key: annPhone}},
		"username":      {`{"profile":{"username":"annlee"},"user_id":"` + user + `"}`, `"from_user_id":"` + user + `"`, channels.Party{Key: user, Name: "@annlee", Lasting: true}},
		"enterprise":    {`{"user_id":"DE.ENT.abc"}`, `"from_user_id":"DE.ENT.abc"`, channels.Party{Key: "DE.ENT.abc", Lasting: true}},
		"no contact":    {`{"user_id":"US.other"}`, `"from":"491701234567"`, channels.Party{Key: annPhone}},
		"Mexico":        {`{"wa_id":"5215512345678"}`, `"from":"5215512345678"`, channels.Party{Key: "+5215512345678", Also: []string{"+525512345678"}}},
		"Argentina":     {`{"wa_id":"5491123456789"}`, `"from":"5491123456789"`, channels.Party{Key: "+5491123456789", Also: []string{"+541123456789"}}},
		"Brazil":        {`{"wa_id":"551187654321"}`, `"from":"551187654321"`, channels.Party{Key: "+551187654321", Also: []string{"+5511987654321"}}},
	} {
		body := hook("messages", `{"metadata":{"phone_number_id":"1055"},"contacts":[`+c.contact+`],"messages":[{`+c.ids+`,"id":"wamid.1","timestamp":"1763631000","type":"text","text":{"body":"x"}}]}`)
		list := decodeHook(t, body)
		if len(list) != 1 || !reflect.DeepEqual(list[0].From, c.want) {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

// TestEdge11NumberChange: edge case 11: a new number with a new user id is the same
// customer: every key that he had leads to those that he has.
func TestEdge11NumberChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message  string
		previous []string
		now      channels.Party
	}{
		"number alone": {from(`"type":"system","system":{"type":"user_changed_number","body":"…","wa_id":"12195555358"}`),
			[]string{annPhone}, channels.Party{Key: "+12195555358"}},
		"number and user id": {from(`"type":"system","system":{"type":"user_changed_number","wa_id":"12195555358","user_id":"US.new","previous_user_id":"US.old"}`),
			[]string{"US.old", annPhone}, channels.Party{Key: "US.new", Also: []string{"+12195555358"}, Lasting: true}},
		"user id alone": {from(`"type":"system","system":{"type":"user_changed_user_id","user_id":"US.new","previous_user_id":"US.old"}`),
			[]string{"US.old"}, channels.Party{Key: "US.new", Also: []string{annPhone}, Lasting: true}},
		"a number of two forms": {`{"id":"wamid.1","from":"5215512345678","timestamp":"1763631000","type":"system","system":{"type":"user_changed_number","wa_id":"12195555358"}}`,
			[]string{"+5215512345678", "+525512345678"}, channels.Party{Key: "+12195555358"}},
		"user id alone, with a number of two forms": {`{"id":"wamid.1","from":"5215512345678","timestamp":"1763631000","type":"system","system":{"type":"user_changed_user_id","user_id":"MX.new","previous_user_id":"MX.old"}}`,
			[]string{"MX.old"}, channels.Party{Key: "MX.new", Also: []string{"+5215512345678", "+525512345678"}, Lasting: true}},
		"user id alone, from nobody": {`{"id":"wamid.1","timestamp":"1753851315","type":"system","system":{"body":"User changed","type":"user_changed_user_id","user_id":"MX.0987","previous_user_id":"CO.1234"}}`,
			[]string{"CO.1234"}, channels.Party{Key: "MX.0987", Lasting: true}},
		"identity with a number": {from(`"type":"system","system":{"type":"customer_identity_changed","wa_id":"12195555358"}`),
			[]string{annPhone}, channels.Party{Key: "+12195555358"}},
		"a new security code": {from(`"type":"system","system":{"type":"customer_identity_changed","identity":"hash"}`), nil, channels.Party{}},
	} {
		body := hook("messages", `{"metadata":{"phone_number_id":"1055"},"messages":[`+c.message+`]}`)
		if facts := split(body); strings.Contains(name, "nobody") && facts[0].OrderKey != "CO.1234" {
			t.Errorf("%s: order key %q", name, facts[0].OrderKey)
		}
		var previous []string
		list := decodeHook(t, body)
		if len(list) > 1 {
			t.Errorf("%s: %d parts, which would be judged one by one", name, len(list))
		}
		for _, in := range list {
			if in.Kind != channels.InboundIdentity || !reflect.DeepEqual(in.From, c.now) || in.Change.Previous.Lasting != (userKey(loose(c.previous[0])) != "") {
				t.Errorf("%s: %+v", name, in)
			}
			previous = append([]string{in.Change.Previous.Key}, in.Change.Previous.Also...)
		}
		if !reflect.DeepEqual(previous, c.previous) {
			t.Errorf("%s: previous %q", name, previous)
		}
	}
}

// TestAccountNews: what webhooks tell about templates and the account.
func TestAccountNews(t *testing.T) {
	t.Parallel()
	at := time.Unix(1763631000, 0).UTC()
	template := func(s channels.TemplateState) []channels.Inbound {
		return []channels.Inbound{{Kind: channels.InboundTemplate, At: at, Template: &s}}
	}
	notice := func(s string) []channels.Inbound {
		return []channels.Inbound{{Kind: channels.InboundNotice, At: at, Notices: []string{s}}}
	}
	const names = `"message_template_id":9000000000000001,"message_template_name":"hello","message_template_language":"en_US"`
	hello := channels.TemplateState{ExternalID: "9000000000000001", Name: "hello", Language: "en_US"}
	with := func(change func(*channels.TemplateState)) []channels.Inbound {
		s := hello
		change(&s)
		return template(s)
	}
	for name, c := range map[string]struct {
		field, value string
		want         []channels.Inbound
	}{
		"approved": {"message_template_status_update", `{"event":"APPROVED",` + names + `,"reason":"NONE","message_template_category":"UTILITY"}`,
			with(func(s *channels.TemplateState) { s.Status, s.Category = channels.TemplateApproved, "utility" })},
		"rejected": {"message_template_status_update", `{"event":"REJECTED",` + names + `,"reason":"INVALID_FORMAT","rejection_info":{"reason":"Bad","recommendation":"Write better"}}`,
			with(func(s *channels.TemplateState) { s.Status, s.Reason = channels.TemplateRejected, "Bad. Write better" })},
		"paused": {"message_template_status_update", `{"event":"PAUSED",` + names + `,"reason":"LOW_QUALITY"}`,
			with(func(s *channels.TemplateState) { s.Status, s.Reason = channels.TemplatePaused, "low quality" })},
		"disabled": {"message_template_status_update", `{"event":"DISABLED",` + names + `,"disable_info":{"disable_date":"2026-11-20"}}`,
			with(func(s *channels.TemplateState) {
				s.Status, s.Reason = channels.TemplateDisabled, "disabled on 2026-11-20"
			})},
		"a new event": {"message_template_status_update", `{"event":"POLISHED",` + names + `}`, nil},
		"quality": {"message_template_quality_update", `{"previous_quality_score":"GREEN","new_quality_score":"RED",` + names + `}`,
			with(func(s *channels.TemplateState) { s.Quality = "red" })},
		"category (edge case 19)": {"template_category_update", `{"previous_category":"UTILITY","new_category":"MARKETING",` + names + `}`,
			with(func(s *channels.TemplateState) { s.Category = "marketing" })},
		"number": {"phone_number_quality_update", `{"display_phone_number":"15550100","event":"DOWNGRADE","current_limit":"TIER_1K"}`,
			notice("WhatsApp changed what the number 15550100 may send: downgrade; new customers in 24 hours: 1k.")},
		"alert": {"account_alerts", `{"entity_type":"BUSINESS","alert_severity":"CRITICAL","alert_type":"OBA_REJECTED","alert_description":"Look"}`,
			notice("WhatsApp warns (critical, oba rejected): Look")},
		"ban": {"account_update", `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"},"violation_info":{"violation_type":"SPAM"}}`,
			notice("WhatsApp changed the business account: disabled update (disable), because of spam.")},
		"error": {"messages", `{"metadata":{"phone_number_id":"1055"},"errors":[{"code":130429,"title":"Rate limit hit","error_data":{"details":"Too fast"}}]}`,
			notice("WhatsApp reports a problem with this number: Too fast (130429)")},
		"stop": {"user_preferences", `{"metadata":{"phone_number_id":"1055"},"contacts":[{"profile":{"name":"Ann"},"wa_id":"491701234567"}],"user_preferences":[{"wa_id":"491701234567","category":"marketing_messages","value":"stop","timestamp":1763631000}]}`,
			[]channels.Inbound{{Kind: channels.InboundConsent, At: at, From: channels.Party{Key: annPhone, Name: "Ann"}, Consent: &channels.Consent{OptedOut: true, Marketing: true, Silent: true}}}},
		"resume": {"user_preferences", `{"user_preferences":[{"wa_id":"491701234567","category":"marketing_messages","value":"resume","timestamp":1763631000}]}`,
			[]channels.Inbound{{Kind: channels.InboundConsent, At: at, From: channels.Party{Key: annPhone}, Consent: &channels.Consent{Marketing: true, Silent: true}}}},
		"chat opened": {"messages", `{"metadata":{"phone_number_id":"1055"},"messages":[{"from":"491701234567","id":"wamid.1","timestamp":"1","type":"request_welcome"}]}`, nil},
		"history":     {"history", `{"history":[{"threads":[]}]}`, nil},
		"a group":     {"messages", `{"metadata":{"phone_number_id":"1055"},"messages":[{"group_id":"g","from":"491701234567","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"x"}}]}`, nil},
		"echo": {"smb_message_echoes", `{"metadata":{"phone_number_id":"1055"},"contacts":[{"profile":{"name":"Ann"},"wa_id":"491701234567"}],"message_echoes":[{"from":"15550100","to":"491701234567","id":"wamid.9","timestamp":"1763631000","type":"text","text":{"body":"from the *phone*"}}]}`,
			[]channels.Inbound{{Kind: channels.InboundForeign, ExternalID: "wamid.9", At: at, From: channels.Party{Key: annPhone, Name: "Ann"}, Text: "from the **phone**"}}},
	} {
		if got := decodeHook(t, hook(c.field, c.value)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, dump(got), dump(c.want))
		}
	}
}

func dump(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}
