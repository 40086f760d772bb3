package whatsapp

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// TestEdge16Media: edge case 16: a file whose address or self ran out, whose bytes are
// others, or which is too big.
//
func TestEdge16Media(t *testing.T) {
	t.Parallel()
	fails := func(route string, status, times int) func(*world, string) {
		return func(w *world, _ string) {
			w.addFault(graphfake.Fault{Route: route, Action: graphfake.ActionStatus, Status: status, Times: times})
		}
	}
	for name, c := range map[string]struct {
		spoil func(w *world, media string)
		want  channels.Class // "": the file is fetched all the same
	}{
		"whole":              {spoil: func(*world, string) {}},
		"address ran out":    {spoil: fails("whatsapp.download", 404, 1)},
		"file forgotten":     {spoil: func(w *world, m string) { w.ExpireMedia(m) }, want: channels.BadContent},
		"after eight days":   {spoil: func(w *world, _ string) { w.clock.advance(8 * 24 * time.Hour) }, want: channels.BadContent},
		"other bytes":        {spoil: func(w *world, m string) { w.SpoilMedia(m) }, want: channels.BadContent},
		"token revoked":      {spoil: func(w *world, _ string) { w.RevokeToken(ourToken) }, want: channels.AuthBroken},
		"no address":         {spoil: fails("whatsapp.media", 502, 3), want: channels.Retry},
		"no download":        {spoil: fails("whatsapp.download", 503, 3), want: channels.Retry},
		"too many downloads": {spoil: fails("whatsapp.download", 429, 3), want: channels.Throttled},
	} {
		w := newWorld(t)
		content := bytes.Repeat([]byte("pixel"), 1000)
		_, media := w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: content}, map[string]any{"caption": "look"})
		in := w.takeOne()
		wantEqual(t, "text", in.Text, "look")
		c.spoil(w, media)

		got, contentType, err := w.fetch(in)
		if c.want != "" {
			_ = wantClass(t, name, err, c.want)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantEqual(t, name+": content type", contentType, "image/jpeg")
		if !bytes.Equal(got, content) {
			t.Errorf("%s: got %d bytes, want the %d that she sent", name, len(got), len(content))
		}
	}
}

// Edge case 16: a file that is too big.
//
func TestEdge16BigMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Media("document", graphfake.File{ContentType: "application/zip", Content: make([]byte, maxFile+1)}, nil)
	_, _, err := w.fetch(w.takeOne())
	_ = wantClass(t, "a file that is too big", err, channels.BadContent)
}

// fetch reads the only file of a message.
func (w *world) fetch(in channels.Inbound) (content []byte, contentType string, err error) {
	w.t.Helper()
	if len(in.Attachments) != 1 {
		w.t.Fatalf("got the attachments %+v, want one", in.Attachments)
	}
	f, err := w.channel.Fetch(testContext(w.t), in.Attachments[0].Ref)
	if err != nil {
		return nil, "", err
	}
	defer f.Body.Close()
	content, err = io.ReadAll(f.Body)
	return content, f.ContentType, err
}

// TestHashes: Meta writes hashes in hex and in base64.
func TestHashes(t *testing.T) {
	t.Parallel()
	sum := []byte("\xfb\xff\xbe0123456789abcdef0123456789abc")
	for written, want := range map[string]bool{
		"": true,
		"fbffbe3031323334353637383961626364656630313233343536373839616263": true,
		"+/++MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmM=":                     true,
		"-_--MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmM":                      true,
		"00": false,
		"?":  false,
	} {
		if got := isSameHash(written, sum); got != want {
			t.Errorf("isSameHash(%q) = %v, want %v", written, got, want)
		}
	}
}

// TestEdge18TemplatePaused: edge case 18: a template that was paused, disabled or filled in
// wrongly before it left fails as such.
func TestEdge18TemplatePaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back, {{1}}.")
	use := func(change func(*channels.TemplateUse)) channels.Outbound {
		o := outbound(3, "…")
		o.Template = &channels.TemplateUse{Template: channels.Template{Name: "back", Language: "en", Body: "We are back, {{name}}."}, Values: map[string]string{"name": "Ann"}}
		if change != nil {
			change(o.Template)
		}
		return o
	}
	for name, change := range map[string]func(*channels.TemplateUse){
		"no value":       func(t *channels.TemplateUse) { t.Values = nil },
		"blank value":    func(t *channels.TemplateUse) { t.Values["name"] = " \n\t" },
		"other language": func(t *channels.TemplateUse) { t.Language = "de" },
		"no language":    func(t *channels.TemplateUse) { t.Language = "" },
		"other body":     func(t *channels.TemplateUse) { t.Body = "We are back." },
	} {
		_, err := w.channel.Send(testContext(t), use(change))
		_ = wantClass(t, name, err, channels.TemplateBad)
	}
	for _, event := range []string{"PAUSED", "DISABLED", "PENDING"} {
		noError(t, w.Review(id, event, ""))
		w.wantSendFails(use(nil), channels.TemplateBad)
	}
	noError(t, w.Review(id, "REINSTATED", ""))
	w.send(use(func(t *channels.TemplateUse) { t.Values["name"] = "Ann\n\tand     Bob" }))
	w.wantTexts("We are back, Ann and Bob.")
}

// A template with a code for signing in goes to a phone number, which WhatsApp wants for it, although the customer's key is her
// user id. Every other template goes to her key.
func TestTemplateToANumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for category, want := range map[string]string{"authentication": `"to":"+491701234567"`, "utility": `"recipient":"DE.1349"`} {
		o := outbound(3, "…")
		o.To = []channels.Party{{Key: "DE.1349", Also: []string{"DE.1350", "+491701234567"}}}
		o.Template = &channels.TemplateUse{Template: channels.Template{Name: "code", Language: "en", Body: "Hello", Category: category}}
		m, err := w.channel.newMessage(o, 1)
		noError(t, err)
		if got := jsonOf(m); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s in it", category, got, want)
		}
	}
}

// TestEdge19CategoryChanged: edge case 19: the new category is told, and with it the price.
func TestEdge19CategoryChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back.")
	noError(t, w.Recategorise(id, "MARKETING"))
	state := w.takeOne().Template
	if state == nil {
		t.Fatal("no state of a template arrived")
	}
	wantEqual(t, "template", state.ExternalID, id)
	wantEqual(t, "category", state.Category, "marketing")
	wantEqual(t, "status, of which nothing was told", state.Status, "")
	o := outbound(3, "We are back.")
	o.Template = &channels.TemplateUse{Template: channels.Template{Name: "back", Language: "en", Body: "We are back."}}
	w.send(o)
	if list := w.takeInbound(); len(list) == 0 || list[0].Status.Cost != "marketing" {
		t.Errorf("got the statuses %+v, want the cost marketing in the first", list)
	}
}

// TestEdge20PairThrottled: edge case 20: too many messages to one customer are refused for
// certain, towards him alone, and each time for longer; the same message then goes, once.
func TestEdge20PairThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *graphfake.NumberConfig) { c.PairBurst = 2 })
	w.openWindow()
	bob := w.number.Customer(graphfake.Person{Phone: "+491709999999", Name: "Bob"})
	bob.Text("Hello")
	w.takeFacts()
	w.send(outbound(1, "one"))
	w.send(outbound(2, "two"))
	o := outbound(3, "three")
	for attempt, wait := range []time.Duration{6 * time.Second, 24 * time.Second, 96 * time.Second} {
		o.Attempt.Number = attempt + 1
		se := w.wantSendFails(o, channels.Throttled)
		wantEqual(t, fmt.Sprintf("attempt %d: it concerns this customer alone", attempt+1), se.Pair, true)
		wantEqual(t, fmt.Sprintf("attempt %d: wait", attempt+1), se.Wait, wait)
	}
	toBob := outbound(4, "Hi Bob")
	toBob.To[0].Key = "+491709999999"
	w.send(toBob)
	w.clock.advance(6 * time.Second)
	w.send(o)
	w.wantTexts("one", "two", "three")
}

// TestEdge21TokenRevoked: edge case 21: a revoked token fails every message alike, with no
// effect; with a new one they go.
func TestEdge21TokenRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.RevokeToken(ourToken)
	for i := range 50 {
		if se := w.wantSendFails(outbound(int64(i+1), fmt.Sprint(i)), channels.AuthBroken); !strings.Contains(se.Hint, "token") {
			t.Fatalf("got the hint %q, want one about the token", se.Hint)
		}
	}
	w.AllowToken("NEW", phoneID, wabaID)
	w.config[fieldToken] = "NEW"
	w.channel = w.newChannel()
	var want []string
	for i := range 40 {
		want = append(want, fmt.Sprint(i))
		w.send(outbound(int64(i+1), fmt.Sprint(i)))
	}
	w.wantTexts(want...)
}

// What is listed of a message is bounded; how much is left out is said.
func TestLongLists(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ message, text, notice string }{
		"order": {
			message: `"type":"order","order":{"product_items":[` + repeat(`{"product_retailer_id":"lamp","quantity":1,"item_price":2,"currency":"EUR"}`, 150) + `]}`,
			text:    "- … and 50 more\n\nTotal: 300 EUR",
		},
		"phones": {
			message: `"type":"contacts","contacts":[{"phones":[` + repeat(`{"phone":"1"}`, 150) + `]}]`,
			text:    "- … and 50 more in the file",
		},
		"contacts": {
			message: `"type":"contacts","contacts":[` + repeat(`{"name":{"formatted_name":"Ann"}}`, 60) + `]`,
			text:    "Ann",
			notice:  "10 more contacts",
		},
	} {
		in := decodeOnly(t, messageHook(annMessage(c.message)))
		if !strings.Contains(in.Text, c.text) {
			t.Errorf("%s: got the text %q, want %q in it", name, in.Text, c.text)
		}
		if !strings.Contains(strings.Join(in.Notices, " "), c.notice) {
			t.Errorf("%s: got the notices %q, want %q in them", name, in.Notices, c.notice)
		}
	}
}

// A webhook of more messages than Meta sends is kept as a whole, and not split.
func TestTooManyMessages(t *testing.T) {
	t.Parallel()
	facts := split(messageHook(repeat(annMessage(`"type":"text","text":{"body":"x"}`), maxItems+1)))
	if len(facts) != 1 || facts[0].Quarantine == "" {
		t.Fatalf("split into %d facts, want one in quarantine", len(facts))
	}
	if !bytes.Contains(facts[0].Payload, []byte("wamid.1")) {
		t.Errorf("the payload %.200q lacks the messages", facts[0].Payload)
	}
}

// repeat writes an item of JSON n times, with commas between.
func repeat(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
