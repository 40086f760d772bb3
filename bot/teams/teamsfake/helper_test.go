package teamsfake_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

type obj = map[string]any

const (
	ann     = "aaaaaaaa-0000-4000-8000-000000000001"
	ben     = "bbbbbbbb-0000-4000-8000-000000000002"
	team    = "19:team0000@thread.tacv2"
	group   = "99999999-0000-4000-8000-000000000009"
	tickets = "19:tickets0@thread.tacv2"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// world is an organisation with two people, a channel and a bot that listens.
type world struct {
	t   *testing.T
	srv *teamsfake.Server
	ann *teamsfake.Person
	ben *teamsfake.Person
	bot *bot
	ctx context.Context
	// token of the connector
	token string
}

func newWorld(t *testing.T, o teamsfake.Options) *world {
	t.Helper()
	w := newServer(t, o)
	w.bot = listen(t)
	if err := w.srv.Admin.Connect(w.ctx, w.bot.url); err != nil {
		t.Fatal(err)
	}
	w.bot.forget()
	return w
}

// newServer is a world whose app is installed nowhere.
func newServer(t *testing.T, o teamsfake.Options) *world {
	t.Helper()
	o.Users = append(o.Users, teamsfake.User{ID: ann, Name: "Ann Lee", Email: "ann@acme.test"}, teamsfake.User{ID: ben, Name: "Ben Ode", Email: "ben@acme.test"})
	o.Teams = append(o.Teams, teamsfake.Team{ID: team, GroupID: group, Name: "Support"})
	o.Channels = append(o.Channels, teamsfake.Channel{ID: tickets, Team: team, Name: "tickets"})
	o.InvokeDeadline, o.RedeliverAfter = cmp.Or(o.InvokeDeadline, patience), cmp.Or(o.RedeliverAfter, patience) // a slow machine is no late answer
	srv := teamsfake.New(o)
	if err := srv.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	w := &world{t: t, srv: srv, ann: srv.As(ann), ben: srv.As(ben), ctx: ctx}
	w.token = w.login("https://api.botframework.com/.default")
	return w
}

// login asks for a token.
func (w *world) login(scope string) string {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {w.srv.AppID()}, "client_secret": {w.srv.AppPassword()}, "scope": {scope}}
	status, body := w.form(w.srv.TenantID(), form)
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || got.Token == "" {
		w.t.Fatalf("token: %d %s", status, body)
	}
	return got.Token
}

func (w *world) form(tenant string, form url.Values) (status int, body []byte) {
	w.t.Helper()
	return w.do(http.MethodPost, w.srv.LoginURL()+"/"+tenant+"/oauth2/v2.0/token", "", "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func (w *world) do(verb, address, token, kind string, body []byte) (status int, answer []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, verb, address, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, answer
}

// call is a connector call of the bot; the path begins after v3/.
func (w *world) call(verb, path string, body any) (status int, answer obj) {
	w.t.Helper()
	var raw []byte
	if text, ok := body.(string); ok {
		raw = []byte(text)
	} else if body != nil {
		raw = mustJSON(w.t, body)
	}
	status, got := w.do(verb, w.srv.ServiceURL()+"v3/"+path, w.token, "application/json", raw)
	if len(got) > 0 {
		answer = obj{}
		if err := json.Unmarshal(got, &answer); err != nil {
			answer = obj{"raw": string(got)}
		}
	}
	return status, answer
}

// code is the error code of an answer.
func code(answer obj) string {
	if text, isText := answer["message"].(string); isText { // of the service that keeps threads
		var details obj
		json.Unmarshal([]byte(text), &details) //nolint:errcheck // then there is no code
		return fmt.Sprint(details["subCode"])
	}
	e, _ := answer["error"].(obj)
	return fmt.Sprint(e["code"])
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func card(body ...obj) obj {
	return obj{"contentType": "application/vnd.microsoft.card.adaptive", "content": obj{"type": "AdaptiveCard", "version": "1.5", "body": body}}
}

func textBlock(text string) obj { return obj{"type": "TextBlock", "text": text, "wrap": true} }

// start posts a root with a card and returns its id.
func (w *world) start(attachment obj) string {
	w.t.Helper()
	status, got := w.call("POST", "conversations", w.thread(obj{"type": "message", "attachments": []obj{attachment}}))
	if status != http.StatusCreated {
		w.t.Fatalf("start: %d %v", status, got)
	}
	return got["activityId"].(string)
}

func (w *world) thread(activity obj) obj {
	return obj{
		"isGroup": true, "bot": obj{"id": w.srv.BotID()}, "tenantId": w.srv.TenantID(),
		"channelData": obj{"tenant": obj{"id": w.srv.TenantID()}, "channel": obj{"id": tickets}}, "activity": activity,
	}
}

// conv is the conversation id of a thread, escaped.
func conv(channel, root string) string { return url.PathEscape(channel + ";messageid=" + root) }

// reply posts into a thread.
func (w *world) reply(root string, activity obj) (status int, answer obj) {
	w.t.Helper()
	activity["type"] = "message"
	return w.call("POST", "conversations/"+conv(tickets, root)+"/activities", activity)
}

func (w *world) clean() {
	w.t.Helper()
	for _, p := range w.srv.Problems() {
		w.t.Errorf("problem: %+v", p)
	}
}

func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	if err := w.srv.WaitFor(w.ctx, cond); err != nil {
		w.t.Fatalf("waiting for %s: %v", what, err)
	}
}

// got is a request at the bot.
type got struct {
	header http.Header
	body   obj
}

// bot records what it gets; answer decides over invokes.
type bot struct {
	t      *testing.T
	url    string
	all    chan got
	mu     sync.Mutex
	answer func(a obj) (status int, body any)
}

func listen(t *testing.T) *bot {
	t.Helper()
	b := &bot{t: t, all: make(chan got, 1000)}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	b.url = s.URL + "/api/messages"
	return b
}

func (b *bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var a obj
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		b.t.Error(err)
	}
	b.mu.Lock()
	answer := b.answer
	b.mu.Unlock()
	status, body := http.StatusOK, any(nil)
	if answer != nil {
		status, body = answer(a)
	}
	b.all <- got{r.Header, a}
	w.WriteHeader(status)
	if body != nil {
		json.NewEncoder(w).Encode(body) //nolint:errcheck // the emulator may have gone
	}
}

func (b *bot) answers(f func(a obj) (int, any)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// drain throws away what the bot gets until the test ends.
func (b *bot) drain() {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-b.all:
			case <-stop:
				return
			}
		}
	}()
	b.t.Cleanup(func() { close(stop); <-done })
}

func (b *bot) forget() {
	for len(b.all) > 0 {
		<-b.all
	}
}

// next waits for an activity of this type.
func (w *world) next(kind string) obj {
	w.t.Helper()
	return w.nextRequest(kind).body
}

func (w *world) nextRequest(kind string) got {
	w.t.Helper()
	for {
		select {
		case g := <-w.bot.all:
			if g.body["type"] == kind {
				return g
			}
		case <-w.ctx.Done():
			w.t.Fatalf("no %s", kind)
		}
	}
}

// dig follows keys and indices such as "channelData.team.id".
func dig(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case obj:
			v = x[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func want(t *testing.T, v any, path string, expected any) {
	t.Helper()
	if got := dig(v, path); fmt.Sprint(got) != fmt.Sprint(expected) {
		t.Errorf("%s = %v, want %v", path, got, expected)
	}
}

// must returns a function so that must(f())(t) can take both results of a call.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// clock stands until a test moves it.
type clock struct{ moved atomic.Int64 }

func newClock() *clock { return &clock{} }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(time.Duration(c.moved.Load()))
}

func (c *clock) advance(d time.Duration) { c.moved.Add(int64(d)) }
