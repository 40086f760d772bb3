package demo

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/twilio/twiliofake"
)

// TestPagePhone: what a person does on a phone reaches the emulator, shows in the state,
// and what no phone would do is refused.
func TestPagePhone(t *testing.T) {
	t.Parallel()
	w, err := NewWorld(t.Context(), WorldOptions{Phones: true, PublicURL: "http://127.0.0.1:9"})
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
		{"too much", "say", `{"customer":"` + dana + `","chat":"sms","text":"` + strings.Repeat("x", maxChatRunes+1) + `"}`, 409},
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
	if err := json.Unmarshal(ask(p, "GET", "/state?as="+Ann+"&customer="+dana+"&chat=sms").Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if !s.Phone.On || len(s.Phone.Tabs) != 3 || s.Phone.Chat == nil || !s.Phone.Chat.Window.Stopped || len(s.Phone.Chat.Lines) != 2 {
		t.Fatalf("the phone: %+v", s.Phone)
	}
	if l := s.Phone.Chat.Lines[1]; !l.Automatic || l.Mine || s.Phone.Tabs[1].Unread != 0 {
		t.Errorf("Twilio's answer to STOP: %+v", l)
	}
	if err := json.Unmarshal(ask(p, "GET", "/state?as="+Ann+"&customer="+dana+"&chat=messenger").Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if c := s.Phone.Chat; c.Customer != dana || c.Window.People.Sub(c.Window.Until) != personWindow-dayWindow {
		t.Errorf("how long people may answer by Messenger: %+v", c)
	}
	if f := mediaFile(twiliofake.Media{ContentType: "text/plain"}, 1); f.Name != "file-2.txt" {
		t.Errorf("the second file of a text message is called %s", f.Name)
	}
	line := p.phones.phoneOf(dana).page.Conversation()[0].ID
	if got := ask(p, "GET", "/phone/file?customer="+dana+"&chat=messenger&line="+line); got.Code != 200 || got.Header().Get("Content-Type") != "image/png" {
		t.Errorf("the picture: %d %s", got.Code, got.Header().Get("Content-Type"))
	}
	if got := ask(p, "GET", "/phone/file?customer="+dana+"&chat=sms&line="+line); got.Code != 404 {
		t.Errorf("a picture of another chat: %d", got.Code)
	}

	before := w.phones.Load()
	graph, twilio := before.graph.URL(), before.twilio.URL()
	if err := w.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := w.phones.Load(); now.graph.URL() != graph || now.twilio.URL() != twilio || len(p.phones.phoneOf(dana).wa.Chat()) != 0 {
		t.Error("after a reset the phones are not empty, or elsewhere")
	}
	select {
	case <-before.replaced:
	default:
		t.Error("whoever watches the phones before isn't told of a reset")
	}
}

// TestPhonesAgain: a reset that finds the phones' address taken can be tried again, and the world can end.
func TestPhonesAgain(t *testing.T) {
	t.Parallel()
	w, err := NewWorld(t.Context(), WorldOptions{Phones: true, PublicURL: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	before := w.phones.Load()
	graph := before.graph.URL()
	if err := before.close(); err != nil { // as a reset does
		t.Fatal(err)
	}
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", hostPort(graph))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.openPhones(t.Context()); err == nil {
		t.Error("the phones are at an address that is taken")
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.openPhones(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := w.phones.Load(); now == before || now.graph.URL() != graph {
		t.Error("no others have taken the phones' place")
	}
}

// TestPhonesWatched: whoever watches the phones rests while a reset puts others in their place, and then
// watches those.
func TestPhonesWatched(t *testing.T) {
	t.Parallel()
	w, err := NewWorld(t.Context(), WorldOptions{Phones: true, PublicURL: "http://127.0.0.1:9"})
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
	before := w.phones.Load()
	if err := before.close(); err != nil { // as a reset does
		t.Fatal(err)
	}
	if n := wakes(t, p); n > 10 {
		t.Errorf("open pages were woken %d times in a tenth of a second", n)
	}
	again, err := newPhones(t.Context(), phoneOptions{public: w.o.PublicURL})
	if err != nil {
		t.Fatal(err)
	}
	w.phones.Store(again)
	close(before.replaced)
	woken := p.hub.next()
	for deadline := time.Now().Add(5 * time.Minute); ; { // until the watcher has come to the new phones
		if err := (smsChat{again.handset("dana@cole.test", "Dana")}).say("hello", nil, ""); err != nil {
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
