package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/demo/phone"
)

// TestPagePhone: what a person does on a phone reaches the emulator, shows in the state,
// and what no phone would do is refused.
func TestPagePhone(t *testing.T) {
	t.Parallel()
	w, err := outside.New(t.Context(), outside.Options{Phones: true, PublicURL: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	p, err := NewPage(w, PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	post := func(verb, body string) int {
		r := httptest.NewRequest(http.MethodPost, "/phone/"+verb, strings.NewReader(body))
		out := httptest.NewRecorder()
		p.ServeHTTP(out, r)
		return out.Code
	}
	const dana = "dana@cole.test"
	for _, c := range []struct {
		name, verb, body string
		want             int
	}{
		{"a text by WhatsApp", "say", `{"customer":"` + dana + `","chat":"whatsapp","text":"hello"}`, 200},
		{"the sample picture", "say", `{"customer":"` + dana + `","chat":"messenger","sample":true}`, 200},
		{"a text message", "say", `{"customer":"` + dana + `","chat":"sms","text":"STOP"}`, 200},
		{"nothing", "say", `{"customer":"` + dana + `","chat":"sms","text":" "}`, 409},
		{"too much", "say", `{"customer":"` + dana + `","chat":"sms","text":"` + strings.Repeat("x", phone.MaxRunes+1) + `"}`, 409},
		{"a stranger", "say", `{"customer":"who@else.test","chat":"sms","text":"x"}`, 404},
		{"by pigeon", "say", `{"customer":"` + dana + `","chat":"pigeon","text":"x"}`, 409},
		{"a button that isn't there", "tap", `{"customer":"` + dana + `","chat":"whatsapp","line":"wamid.x","choice":"yes"}`, 409},
		{"an unknown verb", "dance", `{"customer":"` + dana + `","chat":"whatsapp"}`, 409},
		{"no JSON", "say", `{`, 400},
		{"looking", "read", `{"customer":"` + dana + `","chat":"sms"}`, 200},
	} {
		if got := post(c.verb, c.body); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	var s state
	if err := json.Unmarshal(ask(p, "GET", "/state?as="+outside.Ann+"&customer="+dana+"&chat=sms").Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if !s.Phone.On || len(s.Phone.Tabs) != 3 || s.Phone.Chat == nil || !s.Phone.Chat.Window.Stopped || len(s.Phone.Chat.Lines) != 2 {
		t.Fatalf("the phone: %+v", s.Phone)
	}
	if l := s.Phone.Chat.Lines[1]; !l.Automatic || l.Mine || s.Phone.Tabs[1].Unread != 0 {
		t.Errorf("Twilio's answer to STOP: %+v", l)
	}
	if err := json.Unmarshal(ask(p, "GET", "/state?as="+outside.Ann+"&customer="+dana+"&chat=messenger").Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if c := s.Phone.Chat; c.Customer != dana || c.Window.People.Sub(c.Window.Until) != 6*24*time.Hour {
		t.Errorf("how long people may answer by Messenger: %+v", c)
	}
	messenger, err := p.phones.phoneOf(dana).Chat(phone.Messenger)
	if err != nil {
		t.Fatal(err)
	}
	line := messenger.Lines()[0].ID
	if got := ask(p, "GET", "/phone/file?customer="+dana+"&chat=messenger&line="+line); got.Code != 200 || got.Header().Get("Content-Type") != "image/png" {
		t.Errorf("the picture: %d %s", got.Code, got.Header().Get("Content-Type"))
	}
	if got := ask(p, "GET", "/phone/file?customer="+dana+"&chat=sms&line="+line); got.Code != 404 {
		t.Errorf("a picture of another chat: %d", got.Code)
	}

	before := w.Phones()
	graph, twilio := before.Addresses()
	if err := w.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	whatsApp, err := p.phones.phoneOf(dana).Chat(phone.WhatsApp)
	if err != nil {
		t.Fatal(err)
	}
	if graphNow, twilioNow := w.Phones().Addresses(); graphNow != graph || twilioNow != twilio || len(whatsApp.Lines()) != 0 {
		t.Error("after a reset the phones are not empty, or elsewhere")
	}
	select {
	case <-before.Replaced():
	default:
		t.Error("whoever watches the phones before isn't told of a reset")
	}
}

// TestPhonesWatched: whoever watches the phones rests while a reset puts others in their place, and then
// watches those.
func TestPhonesWatched(t *testing.T) {
	t.Parallel()
	w, err := outside.New(t.Context(), outside.Options{Phones: true, PublicURL: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	p, err := NewPage(w, PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { p.phones.watch(ctx) })
	defer watching.Wait()
	defer end()
	before := w.Phones()
	if err := before.Close(); err != nil { // as a reset does
		t.Fatal(err)
	}
	if n := wakes(t, p); n > 10 {
		t.Errorf("open pages were woken %d times in a tenth of a second", n)
	}
	if err := w.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	woken := p.hub.next()
	for deadline := time.Now().Add(5 * time.Minute); ; { // until the watcher has come to the new phones
		sms, err := w.Phones().Handset("dana@cole.test", "Dana").Chat(phone.SMS)
		if err != nil {
			t.Fatal(err)
		}
		if err := sms.Say("hello", nil, ""); err != nil {
			t.Fatal(err)
		}
		select {
		case <-woken:
			return
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody watches the new phones")
		}
	}
}

// wakes counts how often open pages are woken in a tenth of a second.
func wakes(t *testing.T, p *Page) int {
	t.Helper()
	over := time.After(100 * time.Millisecond)
	for n := 0; ; n++ {
		select {
		case <-p.hub.next():
		case <-over:
			return n
		}
	}
}

// What Parley shows as an emoji is one on the page too, and no word between colons.
func TestPageKnowsParleysEmoji(t *testing.T) {
	known, err := os.ReadFile("web/emoji.js")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for pattern, emoji := range map[string]*regexp.Regexp{
		"../../../bot/slack/blockkit/testdata/*.json": regexp.MustCompile(`(?:"text": "|[ (])[^"]*?:([a-z][a-z0-9_+-]+):`),
		"../../../bot/*/*.go":                         regexp.MustCompile(`\bIcon\("([a-z0-9_+-]+)"\)`),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range emoji.FindAllSubmatch(text, -1) {
				found++
				if !regexp.MustCompile(`[\n|]` + regexp.QuoteMeta(string(name[1])) + ` `).Match(known) {
					t.Errorf("%s shows :%s:, which web/emoji.js lacks", path, name[1])
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d emoji were found", found)
	}
}
