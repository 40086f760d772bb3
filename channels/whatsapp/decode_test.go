package whatsapp

import (
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

// annMessage makes a message of Ann's with an id and a time, and with rest.
func annMessage(rest string) string {
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

// decodeOnly is decodeHook for a webhook that means one thing.
func decodeOnly(t *testing.T, body []byte) channels.Inbound {
	t.Helper()
	list := decodeHook(t, body)
	if len(list) != 1 {
		t.Fatalf("%.200s: decoded as %+v, want one thing", body, list)
	}
	return list[0]
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
		files   string           // name, content type and reference
		more    channels.Inbound // what it has besides
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
		"order with cents": {message: `"type":"order","order":{"product_items":[{"product_retailer_id":"tea","quantity":3,"item_price":4.35,"currency":"EUR"},{"product_retailer_id":"cup","quantity":1,"item_price":0.1,"currency":"USD"},{"product_retailer_id":"lid","quantity":1,"item_price":0.2,"currency":"USD"}]}`,
			text: "**Order**\n- 3 × tea: 4.35 EUR each\n- 1 × cup: 0.1 USD each\n- 1 × lid: 0.2 USD each\n\nTotal: 13.05 EUR\n\nTotal: 0.3 USD"},
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
		"a product": {message: `"type":"interactive","interactive":{"type":"product","product":{"id":"1"}}`, more: channels.Inbound{
			Notices: []string{"A message that Parley can't show (product). It can be seen on the customer's phone."}}},
		"a new kind": {message: `"type":"hologram","hologram":{"id":1}`, more: unseen("hologram")},
		"no kind":    {message: `"text":{"body":"x"}`, more: unseen("")},
	} {
		in := decodeOnly(t, messageHook(annMessage(c.message)))
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
		for _, object := range []string{"", "null", `"?"`, "[]", "{}", `{"id":{}}`} {
			message := `"type":"` + kind + `"`
			if object != "" {
				message += `,"` + kind + `":` + object
			}
			in := decodeOnly(t, messageHook(annMessage(message)))
			isEmptyOrder := kind == "order" && strings.HasPrefix(object, "{") // it is an order, of nothing
			if isEmptyOrder {
				continue
			}
			wantEqual(t, message+": kind", in.Kind, channels.InboundMessage)
			wantEqual(t, message+": the customer's words", in.Text, "")
			if remarks := strings.Join(in.Notices, "\n"); !strings.Contains(remarks, "doesn't pass on") {
				t.Errorf("%s: got the remarks %q, want that WhatsApp doesn't pass it on", message, remarks)
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
		`"type":"text","text":{"body":"Hi"},"errors":[{"code":"131051","title":"Odd"}]`:                                               "Hi",
		`"type":"text","text":{"body":"Hi"},"context":{"forwarded":"true","id":"wamid.0"}`:                                            "Hi",
	} {
		in := decodeOnly(t, messageHook(annMessage(message)))
		if shown := in.Text + strings.Join(in.Notices, ""); !strings.Contains(shown, want) {
			t.Errorf("%s: shown is %q, want %q in it", message, shown, want)
		}
	}
	sound := decodeOnly(t, messageHook(annMessage(`"type":"audio","audio":{"id":"M1","mime_type":"audio/ogg","voice":"yes"}`)))
	wantEqual(t, "files of a sound", len(sound.Attachments), 1)
}

// TestEdge12ReactionRemoved: edge case 12: a reaction without an emoji, or with an empty
// one, is taken back.
func TestEdge12ReactionRemoved(t *testing.T) {
	t.Parallel()
	for emoji, want := range map[string]string{
		`,"emoji":"👍"`:                        "👍",
		`,"emoji":"\ud83d\udc4d\ud83c\udffd"`: "👍🏽",
		``:                                    "",
		`,"emoji":""`:                         "",
		`,"emoji":null`:                       "",
	} {
		in := decodeOnly(t, messageHook(annMessage(`"type":"reaction","reaction":{"message_id":"wamid.0"`+emoji+`}`)))
		wantEqual(t, emoji+": kind", in.Kind, channels.InboundReaction)
		wantEqual(t, emoji+": message", in.Change.Target, "wamid.0")
		wantEqual(t, emoji+": emoji", in.Change.Emoji, want)
		wantEqual(t, emoji+": it opens the window", in.Opens, false)
	}
}

// TestEdge13UnknownTargets: edge case 13: a reply or reaction to what nobody knows still
// names it; nothing is looked up here.
func TestEdge13UnknownTargets(t *testing.T) {
	t.Parallel()
	in := decodeOnly(t, messageHook(annMessage(`"type":"text","text":{"body":"x"},"context":{"from":"1","id":"wamid.unknown"}`)))
	wantEqual(t, "text", in.Text, "x")
	wantEqual(t, "message that it answers", in.Answers.External, "wamid.unknown")
}

// TestEdge14EditAndRevoke: edge case 14: edits and deletions name the message that they
// are about, which may come later than they do.
func TestEdge14EditAndRevoke(t *testing.T) {
	t.Parallel()
	list := decodeHook(t, messageHook(
		annMessage(`"type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"*new*"}}}`),
		`{"from":"491701234567","id":"wamid.2","timestamp":"1763631001","type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"image","image":{"id":"7","caption":"seen"}}}}`,
		`{"from":"491701234567","id":"wamid.3","timestamp":"1763631002","type":"revoke","revoke":{"original_message_id":"wamid.0"}}`))
	if len(list) != 3 {
		t.Fatalf("decoded as %+v, want two edits and a deletion", list)
	}
	for i, want := range []channels.Inbound{
		{Kind: channels.InboundEdit, Text: "**new**"},
		{Kind: channels.InboundEdit, Text: "seen"},
		{Kind: channels.InboundDelete, Text: ""},
	} {
		wantEqual(t, "kind", list[i].Kind, want.Kind)
		wantEqual(t, "text", list[i].Text, want.Text)
		wantEqual(t, "message that is changed", list[i].Change.Target, "wamid.0")
		wantEqual(t, "files", len(list[i].Attachments), 0)
	}
}

// TestContacts: cards become words and vCards.
//
func TestContacts(t *testing.T) {
	t.Parallel()
	in := decodeOnly(t, messageHook(annMessage(`"type":"contacts","contacts":[{"name":{"formatted_name":"Lucía/Gómez","first_name":"Lucía","last_name":"Gó;mez"},`+
		`"org":{"company":"Acme, Inc"},"phones":[{"phone":"+1 (983) 555-2319","wa_id":"19835552319","type":"MOBILE"}],"emails":[{"email":"l@acme.test","type":"W;X"}]},`+
		`{"vcard":"BEGIN:VCARD","name":{"first_name":"Bob"}}]`)))
	wantEqual(t, "text", in.Text, "👤 **Lucía/Gómez**\nAcme, Inc\n+1 (983) 555-2319\nl@acme.test\n\n👤 **Bob**")
	if len(in.Attachments) != 2 {
		t.Fatalf("got the attachments %+v, want two cards", in.Attachments)
	}
	lucia, bob := in.Attachments[0], in.Attachments[1]
	wantEqual(t, "name", lucia.Name, "Lucía-Gómez.vcf")
	wantEqual(t, "content type", lucia.ContentType, "text/vcard")
	wantEqual(t, "content", string(lucia.Content), "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Gó\\;mez;Lucía;;;\r\nFN:Lucía/Gómez\r\n"+
		"ORG:Acme\\, Inc;\r\nTEL;TYPE=MOBILE:+1 (983) 555-2319\r\nEMAIL:l@acme.test\r\nEND:VCARD\r\n")
	wantEqual(t, "name", bob.Name, "Bob.vcf")
	if want := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;Bob;;;\r\nFN:Bob\r\n"; !strings.HasPrefix(string(bob.Content), want) {
		t.Errorf("got the card %q, want one that begins with %q", bob.Content, want)
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
		if got := decodeOnly(t, body).From; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got the customer %+v, want %+v", name, got, c.want)
		}
	}
}

// TestEdge11NumberChange: edge case 11: a new number with a new user id is the same
// customer: every key that he had leads to those that he has.
func TestEdge11NumberChange(t *testing.T) {
	t.Parallel()
	const mexican = `{"id":"wamid.1","from":"5215512345678","timestamp":"1763631000",`
	for name, c := range map[string]struct {
		message  string
		previous channels.Party
		now      channels.Party
	}{
		"number alone": {
			message:  annMessage(`"type":"system","system":{"type":"user_changed_number","body":"…","wa_id":"12195555358"}`),
			previous: channels.Party{Key: annPhone},
			now:      channels.Party{Key: "+12195555358"},
		},
		"number and user id": {
			message:  annMessage(`"type":"system","system":{"type":"user_changed_number","wa_id":"12195555358","user_id":"US.new","previous_user_id":"US.old"}`),
			previous: channels.Party{Key: "US.old", Also: []string{annPhone}, Lasting: true},
			now:      channels.Party{Key: "US.new", Also: []string{"+12195555358"}, Lasting: true},
		},
		"user id alone": {
			message:  annMessage(`"type":"system","system":{"type":"user_changed_user_id","user_id":"US.new","previous_user_id":"US.old"}`),
			previous: channels.Party{Key: "US.old", Lasting: true},
			now:      channels.Party{Key: "US.new", Also: []string{annPhone}, Lasting: true},
		},
		"a number of two forms": {
			message:  mexican + `"type":"system","system":{"type":"user_changed_number","wa_id":"12195555358"}}`,
			previous: channels.Party{Key: "+5215512345678", Also: []string{"+525512345678"}},
			now:      channels.Party{Key: "+12195555358"},
		},
		"user id alone, with a number of two forms": {
			message:  mexican + `"type":"system","system":{"type":"user_changed_user_id","user_id":"MX.new","previous_user_id":"MX.old"}}`,
			previous: channels.Party{Key: "MX.old", Lasting: true},
			now:      channels.Party{Key: "MX.new", Also: []string{"+5215512345678", "+525512345678"}, Lasting: true},
		},
		"user id alone, from nobody": {
			message:  changeFromNobody,
			previous: channels.Party{Key: "CO.1234", Lasting: true},
			now:      channels.Party{Key: "MX.0987", Lasting: true},
		},
		"identity with a number": {
			message:  annMessage(`"type":"system","system":{"type":"customer_identity_changed","wa_id":"12195555358"}`),
			previous: channels.Party{Key: annPhone},
			now:      channels.Party{Key: "+12195555358"},
		},
	} {
		in := decodeOnly(t, systemHook(c.message))
		wantEqual(t, name+": kind", in.Kind, channels.InboundIdentity)
		if !reflect.DeepEqual(in.Change.Previous, c.previous) {
			t.Errorf("%s: got as previous customer %+v, want %+v", name, in.Change.Previous, c.previous)
		}
		if !reflect.DeepEqual(in.From, c.now) {
			t.Errorf("%s: got as customer %+v, want %+v", name, in.From, c.now)
		}
	}
}

// A change of a user id that has no sender is applied in the order of the key that it changes.
func TestEdge11ChangeFromNobody(t *testing.T) {
	t.Parallel()
	wantEqual(t, "order key", split(systemHook(changeFromNobody))[0].OrderKey, "CO.1234")
}

// A new security code of the same customer changes nothing here.
func TestEdge11NewSecurityCode(t *testing.T) {
	t.Parallel()
	list := decodeHook(t, systemHook(annMessage(`"type":"system","system":{"type":"customer_identity_changed","identity":"hash"}`)))
	wantEqual(t, "things that it means", len(list), 0)
}

const changeFromNobody = `{"id":"wamid.1","timestamp":"1753851315","type":"system",` +
	`"system":{"body":"User changed","type":"user_changed_user_id","user_id":"MX.0987","previous_user_id":"CO.1234"}}`

// systemHook makes a webhook with a message of WhatsApp itself, which comes without contacts.
func systemHook(message string) []byte {
	return hook("messages", `{"metadata":{"phone_number_id":"1055"},"messages":[`+message+`]}`)
}
