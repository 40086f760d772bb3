package whatsapp

import (
	"bytes"
	"fmt"
	"io"
	"slices"
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
	content := bytes.Repeat([]byte("pixel"), 1000)
	for name, c := range map[string]struct {
		spoil func(w *world, media string)
		class channels.Class
	}{
		"whole": {func(*world, string) {}, ""},
		"address ran out": {func(w *world, _ string) {
			w.fault(graphfake.Fault{Route: "whatsapp.download", Action: graphfake.ActionStatus, Status: 404})
		}, ""},
		"file forgotten":   {func(w *world, m string) { w.ExpireMedia(m) }, channels.BadContent},
		"after eight days": {func(w *world, _ string) { w.clock.advance(8 * 24 * time.Hour) }, channels.BadContent},
		"other bytes":      {func(w *world, m string) { w.SpoilMedia(m) }, channels.BadContent},
		"token revoked":    {func(w *world, _ string) { w.RevokeToken(ourToken) }, channels.AuthBroken},
		"Meta stumbles": {func(w *world, _ string) {
			w.fault(graphfake.Fault{Route: "whatsapp.media", Action: graphfake.ActionStatus, Status: 502, Times: 3})
		}, channels.Retry},
		"download stumbles": {func(w *world, _ string) {
			w.fault(graphfake.Fault{Route: "whatsapp.download", Action: graphfake.ActionStatus, Status: 503, Times: 3})
		}, channels.Retry},
		"too many downloads": {func(w *world, _ string) {
			w.fault(graphfake.Fault{Route: "whatsapp.download", Action: graphfake.ActionStatus, Status: 429, Times: 3})
		}, channels.Throttled},
	} {
		w := newWorld(t)
		_, media := w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: content}, map[string]any{"caption": "look"})
		in := w.one()
		if len(in.Attachments) != 1 || in.Text != "look" {
			t.Fatalf("heard %+v", in)
		}
		c.spoil(w, media)
		f, err := w.channel.Fetch(within(t), in.Attachments[0].Ref)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(f.Body)
			f.Body.Close()
		}
		switch {
		case c.class == "" && (err != nil || !bytes.Equal(got, content) || f.ContentType != "image/jpeg"):
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		case c.class != "" && channels.ClassOf(err) != c.class:
			t.Errorf("%s: %v, want %s", name, err, c.class)
		}
	}
	big := newWorld(t)
	big.ann.Media("document", graphfake.File{ContentType: "application/zip", Content: make([]byte, maxFile+1)}, nil)
	if _, err := big.channel.Fetch(within(t), big.one().Attachments[0].Ref); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("too big: %v", err)
	}
}

// TestHashes: Meta writes hashes in hex and in base64.
func TestHashes(t *testing.T) {
	t.Parallel()
	sum := []byte("\xfb\xff\xbe0123456789abcdef0123456789abc")
	for written, want := range map[string]bool{"": true, "fbffbe3031323334353637383961626364656630313233343536373839616263": true,
		"+/++MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmM=": true, "-_--MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmM": true, "00": false, "?": false} {
		if got := isSameHash(written, sum); got != want {
			t.Errorf("%q: %v", written, got)
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
		if se := w.fails(use(change), channels.TemplateBad); se.Text == "" {
			t.Errorf("%s: no words", name)
		}
	}
	for _, event := range []string{"PAUSED", "DISABLED", "PENDING"} {
		if err := w.Review(id, event, ""); err != nil {
			t.Fatal(err)
		}
		w.fails(use(nil), channels.TemplateBad)
	}
	if err := w.Review(id, "REINSTATED", ""); err != nil {
		t.Fatal(err)
	}
	w.send(use(func(t *channels.TemplateUse) { t.Values["name"] = "Ann\n\tand     Bob" }))
	if got := w.ann.Inbox(); len(got) != 1 || got[0].Text != "We are back, Ann and Bob." {
		t.Errorf("the customer got %+v", got)
	}
}

// TestEdge19CategoryChanged: edge case 19: the new category is told, and with it the price.
func TestEdge19CategoryChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back.")
	if err := w.Recategorise(id, "MARKETING"); err != nil {
		t.Fatal(err)
	}
	if in := w.one(); in.Template == nil || in.Template.ExternalID != id || in.Template.Category != "marketing" || in.Template.Status != "" {
		t.Errorf("told %+v", in.Template)
	}
	o := outbound(3, "We are back.")
	o.Template = &channels.TemplateUse{Template: channels.Template{Name: "back", Language: "en", Body: "We are back."}}
	w.send(o)
	if list := w.heard(); len(list) == 0 || list[0].Status.Cost != "marketing" {
		t.Errorf("told %+v", list)
	}
}

// TestEdge20PairThrottled: edge case 20: too many messages to one customer are refused for
// certain, towards him alone, and each time for longer; the same message then goes, once.
func TestEdge20PairThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *graphfake.NumberConfig) { c.PairBurst = 2 })
	w.open24h()
	bob := w.number.Customer(graphfake.Person{Phone: "+491709999999", Name: "Bob"})
	bob.Text("Hello")
	w.settle()
	w.send(outbound(1, "one"))
	w.send(outbound(2, "two"))
	o := outbound(3, "three")
	for attempt, wait := range []time.Duration{6 * time.Second, 24 * time.Second, 96 * time.Second} {
		o.Attempt.Number = attempt + 1
		if se := w.fails(o, channels.Throttled); !se.Pair || se.Wait != wait {
			t.Errorf("attempt %d: %+v", o.Attempt.Number, se)
		}
	}
	toBob := outbound(4, "Hi Bob")
	toBob.To[0].Key = "+491709999999"
	w.send(toBob)
	w.clock.advance(6 * time.Second)
	w.send(o)
	var got []string
	for _, m := range w.ann.Inbox() {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("the customer got %q", got)
	}
}

// TestEdge21TokenRevoked: edge case 21: a revoked token fails every message alike, with no
// effect; with a new one they go.
func TestEdge21TokenRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	w.RevokeToken(ourToken)
	for i := range 50 {
		if se := w.fails(outbound(int64(i+1), fmt.Sprint(i)), channels.AuthBroken); !strings.Contains(se.Hint, "token") {
			t.Fatalf("%+v", se)
		}
	}
	w.AllowToken("NEW", phoneID, wabaID)
	w.config[fieldToken] = "NEW"
	w.channel = w.open()
	for i := range 40 {
		w.send(outbound(int64(i+1), fmt.Sprint(i)))
	}
	if got := w.ann.Inbox(); len(got) != 40 || got[39].Text != "39" {
		t.Errorf("the customer got %d", len(got))
	}
}

// What is listed of a message is bounded; how much is left out is said.
func TestLongLists(t *testing.T) {
	t.Parallel()
	rep := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	for name, c := range map[string]struct{ rest, text, notice string }{
		"order":    {`"type":"order","order":{"product_items":[` + rep(`{"product_retailer_id":"lamp","quantity":1,"item_price":2,"currency":"EUR"}`, 150) + `]}`, "- … and 50 more\n\nTotal: 300 EUR", ""},
		"phones":   {`"type":"contacts","contacts":[{"phones":[` + rep(`{"phone":"1"}`, 150) + `]}]`, "- … and 50 more in the file", ""},
		"contacts": {`"type":"contacts","contacts":[` + rep(`{"name":{"formatted_name":"Ann"}}`, 60) + `]`, "Ann", "10 more contacts"},
	} {
		in := decodeHook(t, messageHook(from(c.rest)))
		if len(in) != 1 || !strings.Contains(in[0].Text, c.text) || !strings.Contains(strings.Join(in[0].Notices, " "), c.notice) {
			t.Errorf("%s: %+v", name, in)
		}
	}
	facts := split(messageHook(rep(from(`"type":"text","text":{"body":"x"}`), maxItems+1)))
	if len(facts) != 1 || facts[0].Quarantine == "" || !bytes.Contains(facts[0].Payload, []byte("wamid.1")) {
		t.Errorf("too many messages gave %d facts", len(facts))
	}
}
