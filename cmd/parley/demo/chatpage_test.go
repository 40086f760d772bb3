package demo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/demo/phone"
)

const dana = "dana@cole.test"

// newPhonePage returns the page of a company with phones and no messages. No Parley runs behind it.
func newPhonePage(t *testing.T) (*Page, *company.Company) {
	t.Helper()
	w := must(company.New(t.Context(), company.Options{Phones: true, PublicURL: "http://127.0.0.1:9"}))(t)
	t.Cleanup(func() { _ = w.Close() })
	p := must(NewPage(w, PageOptions{}))(t)
	return p, w
}

// usePhone posts what a person does on a phone, and returns the status.
func usePhone(p *Page, verb, body string) int {
	out := httptest.NewRecorder()
	p.ServeHTTP(out, httptest.NewRequest(http.MethodPost, "/phone/"+verb, strings.NewReader(body)))
	return out.Code
}

// danasPhone returns what the page shows of a chat on Dana's phone.
func danasPhone(t *testing.T, p *Page, chat string) phoneState {
	t.Helper()
	return stateOf(t, p, url.Values{"as": {company.Ann}, "customer": {dana}, "chat": {chat}}).Phone
}

// The page accepts what a person can do on a phone, and refuses anything else.
func TestPhoneRequests(t *testing.T) {
	t.Parallel()
	p, _ := newPhonePage(t)
	for _, c := range []struct {
		name, verb, body string
		want             int
	}{
		{name: "a text by WhatsApp", verb: "say", body: `{"customer":"` + dana + `","chat":"whatsapp","text":"hello"}`, want: 200},
		{name: "the sample picture", verb: "say", body: `{"customer":"` + dana + `","chat":"messenger","sample":true}`, want: 200},
		{name: "a text message", verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":"STOP"}`, want: 200},
		{name: "nothing", verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":" "}`, want: 409},
		{name: "too much", verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":"` + strings.Repeat("x", phone.MaxRunes+1) + `"}`, want: 409},
		{name: "a stranger", verb: "say", body: `{"customer":"who@else.test","chat":"sms","text":"x"}`, want: 404},
		{name: "by pigeon", verb: "say", body: `{"customer":"` + dana + `","chat":"pigeon","text":"x"}`, want: 409},
		{name: "a button that isn't there", verb: "tap", body: `{"customer":"` + dana + `","chat":"whatsapp","line":"wamid.x","choice":"yes"}`, want: 409},
		{name: "an unknown verb", verb: "dance", body: `{"customer":"` + dana + `","chat":"whatsapp"}`, want: 409},
		{name: "no JSON", verb: "say", body: `{`, want: 400},
		{name: "looking", verb: "read", body: `{"customer":"` + dana + `","chat":"sms"}`, want: 200},
	} {
		if got := usePhone(p, c.verb, c.body); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// The page's state shows what a person did on a phone. Here it is STOP as a text message, with Twilio's answer, and a
// picture by Messenger, with the week in which people may answer it.
func TestPhoneState(t *testing.T) {
	t.Parallel()
	p, _ := newPhonePage(t)
	for _, c := range []struct{ verb, body string }{
		{verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":"STOP"}`},
		{verb: "read", body: `{"customer":"` + dana + `","chat":"sms"}`},
		{verb: "say", body: `{"customer":"` + dana + `","chat":"messenger","sample":true}`},
	} {
		if got := usePhone(p, c.verb, c.body); got != http.StatusOK {
			t.Fatalf("%s %s: got %d", c.verb, c.body, got)
		}
	}

	sms := danasPhone(t, p, phone.SMS)
	if !sms.On || len(sms.Tabs) != 3 || sms.Chat == nil {
		t.Fatalf("the phone: got %+v, want one that is on, with 3 chats and one of them open", sms)
	}
	if !sms.Chat.Window.Stopped {
		t.Error("the customer sent STOP, and Window.Stopped is false")
	}
	if lines := sms.Chat.Lines; len(lines) != 2 || !lines[1].Automatic || lines[1].Mine {
		t.Errorf("text messages: got %+v, want STOP and Twilio's answer", lines)
	}
	if got := sms.Tabs[1].Unread; got != 0 {
		t.Errorf("unread text messages: got %d, want 0, as the phone is looked at", got)
	}

	messenger := danasPhone(t, p, phone.Messenger).Chat
	if messenger.Customer != dana {
		t.Errorf("the Messenger chat is of %q, want %q", messenger.Customer, dana)
	}
	const week = 7 * 24 * time.Hour // for people; programs may answer for a day
	if got, want := messenger.Window.People.Sub(messenger.Window.Until), week-24*time.Hour; got != want {
		t.Errorf("people may answer %s longer than programs, want %s", got, want)
	}
	line := messenger.Lines[0].ID
	picture := ask(p, "GET", "/phone/file?customer="+dana+"&chat=messenger&line="+line)
	if kind := picture.Header().Get("Content-Type"); picture.Code != http.StatusOK || kind != "image/png" {
		t.Errorf("the picture: got %d %s, want %d image/png", picture.Code, kind, http.StatusOK)
	}
	if got := ask(p, "GET", "/phone/file?customer="+dana+"&chat=sms&line="+line); got.Code != http.StatusNotFound {
		t.Errorf("the picture asked for in another chat: got %d, want %d", got.Code, http.StatusNotFound)
	}
}

// A reset replaces the phones by empty ones at the same addresses. Watchers of the old phones are told.
func TestPhonesAfterReset(t *testing.T) {
	t.Parallel()
	p, w := newPhonePage(t)
	if got := usePhone(p, "say", `{"customer":"`+dana+`","chat":"whatsapp","text":"hello"}`); got != http.StatusOK {
		t.Fatalf("a text by WhatsApp: got %d", got)
	}

	before := w.Phones()
	graph, twilio := before.Addresses()
	check(t, w.Reset(t.Context()))
	if graphNow, twilioNow := w.Phones().Addresses(); graphNow != graph || twilioNow != twilio {
		t.Errorf("addresses after a reset: got %s and %s, want %s and %s", graphNow, twilioNow, graph, twilio)
	}

	whatsApp := must(p.phones.phoneOf(dana).Chat(phone.WhatsApp))(t)
	if lines := whatsApp.Lines(); len(lines) != 0 {
		t.Errorf("WhatsApp after a reset: got %+v, want nothing", lines)
	}
	select {
	case <-before.Replaced():
	default:
		t.Error("whoever watches the phones before the reset isn't told that there are others")
	}
}

// The page's watcher rests while a reset replaces the phones. Then it watches the new ones.
func TestPhonesWatched(t *testing.T) {
	t.Parallel()
	p, w := newPhonePage(t)
	ctx, end := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { p.phones.watch(ctx) })
	defer watching.Wait()
	defer end()

	before := w.Phones()
	if err := before.Close(); err != nil { // as a reset does
		t.Fatal(err)
	}
	if n := countWakes(t, p); n > 10 {
		t.Errorf("open pages were woken %d times in a tenth of a second, want at most 10", n)
	}

	check(t, w.Reset(t.Context()))
	woken := p.hub.next()
	for deadline := time.Now().Add(5 * time.Minute); ; { // until the watcher has come to the new phones
		sms := must(w.Phones().Handset("dana@cole.test", "Dana").Chat(phone.SMS))(t)
		must(sms.Say("hello", nil, ""))(t)
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

// countWakes counts how often open pages are woken in a tenth of a second.
func countWakes(t *testing.T, p *Page) int {
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

// The page knows each emoji that Parley posts in Slack. Otherwise people would read :word: there.
func TestPageKnowsParleysEmoji(t *testing.T) {
	known := must(os.ReadFile("web/emoji.js"))(t)
	found := 0
	for pattern, emoji := range map[string]*regexp.Regexp{
		"../../../bot/slack/blockkit/testdata/*.json": regexp.MustCompile(`(?:"text": "|[ (])[^"]*?:([a-z][a-z0-9_+-]+):`),
		"../../../bot/*/*.go":                         regexp.MustCompile(`\bIcon\("([a-z0-9_+-]+)"\)`),
	} {
		files := must(filepath.Glob(pattern))(t)
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
