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
	"parley/channels/emulator"
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
	noError(t, w.srv.Admin.Connect(w.ctx, w.bot.url))
	w.bot.forget()
	return w
}

// newServer is a world whose app is installed nowhere.
func newServer(t *testing.T, o teamsfake.Options) *world {
	t.Helper()
	o.Users = append(o.Users, teamsfake.User{ID: ann, Name: "Ann Lee", Email: "ann@acme.test"},
		teamsfake.User{ID: ben, Name: "Ben Ode", Email: "ben@acme.test"})
	o.Teams = append(o.Teams, teamsfake.Team{ID: team, GroupID: group, Name: "Support"})
	o.Channels = append(o.Channels, teamsfake.Channel{ID: tickets, Team: team, Name: "tickets"})
	// A slow machine isn't a late answer.
	o.InvokeDeadline, o.RedeliverAfter = cmp.Or(o.InvokeDeadline, patience), cmp.Or(o.RedeliverAfter, patience)
	srv := teamsfake.New(o)
	noError(t, srv.Start("127.0.0.1:0"))
	t.Cleanup(func() { noError(t, srv.Close()) })
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	w := &world{t: t, srv: srv, ann: srv.As(ann), ben: srv.As(ben), ctx: ctx}
	w.token = w.login("https://api.botframework.com/.default")
	return w
}

// noError ends the test if something failed.
func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantCall checks the status of a connector call of the bot.
func (w *world) wantCall(what, verb, path string, body any, want int) (answer obj) {
	w.t.Helper()
	status, answer := w.call(verb, path, body)
	if status != want {
		w.t.Errorf("%s: got status %d, want %d; answer %v", what, status, want, answer)
	}
	return answer
}

// wantRefused checks that a connector call of the bot is refused with a status and an error code.
func (w *world) wantRefused(what, verb, path string, body any, status int, code string) {
	w.t.Helper()
	answer := w.wantCall(what, verb, path, body, status)
	wantEqual(w.t, what+": error code", errorCode(answer), code)
}

// login asks for a token.
func (w *world) login(scope string) string {
	w.t.Helper()
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {w.srv.AppID()},
		"client_secret": {w.srv.AppPassword()},
		"scope":         {scope},
	}
	status, body := w.postToken(w.srv.TenantID(), form)
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || got.Token == "" {
		w.t.Fatalf("token: %d %s", status, body)
	}
	return got.Token
}

// postToken asks a tenant's login for a token with a form.
func (w *world) postToken(tenant string, form url.Values) (status int, body []byte) {
	w.t.Helper()
	address := w.srv.LoginURL() + "/" + tenant + "/oauth2/v2.0/token"
	return w.request(http.MethodPost, address, "", "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// request sends a request; an empty token or kind of content is left out.
func (w *world) request(verb, address, token, kind string, body []byte) (status int, answer []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, verb, address, bytes.NewReader(body))
	noError(w.t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := emulator.NewClient().Do(req)
	noError(w.t, err)
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	noError(w.t, err)
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
	status, got := w.request(verb, w.srv.ServiceURL()+"v3/"+path, w.token, "application/json", raw)
	if len(got) > 0 {
		answer = obj{}
		if err := json.Unmarshal(got, &answer); err != nil {
			answer = obj{"raw": string(got)}
		}
	}
	return status, answer
}

// errorCode is the error code of an answer.
func errorCode(answer obj) string {
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
	noError(t, err)
	return b
}

func card(body ...obj) obj {
	return obj{
		"contentType": "application/vnd.microsoft.card.adaptive",
		"content":     obj{"type": "AdaptiveCard", "version": "1.5", "body": body},
	}
}

func textBlock(text string) obj { return obj{"type": "TextBlock", "text": text, "wrap": true} }

// postCard posts a root with a card by the bot and returns its id.
func (w *world) postCard(attachment obj) string {
	w.t.Helper()
	status, got := w.call("POST", "conversations", w.newThread(obj{"type": "message", "attachments": []obj{attachment}}))
	if status != http.StatusCreated {
		w.t.Fatalf("posting a card: got status %d, want 201; answer %v", status, got)
	}
	return got["activityId"].(string)
}

// newThread is the body of a call that begins a thread with an activity.
func (w *world) newThread(activity obj) obj {
	return obj{
		"isGroup": true, "bot": obj{"id": w.srv.BotID()}, "tenantId": w.srv.TenantID(),
		"channelData": obj{"tenant": obj{"id": w.srv.TenantID()}, "channel": obj{"id": tickets}}, "activity": activity,
	}
}

// conv is the conversation id of a thread, escaped.
func conv(channel, root string) string { return url.PathEscape(channel + ";messageid=" + root) }

// botReplies posts into a thread by the bot.
func (w *world) botReplies(root string, activity obj) (status int, answer obj) {
	w.t.Helper()
	activity["type"] = "message"
	return w.call("POST", "conversations/"+conv(tickets, root)+"/activities", activity)
}

// wantNoProblems checks that Teams shows everything as the bot meant it.
func (w *world) wantNoProblems() {
	w.t.Helper()
	for _, p := range w.srv.Problems() {
		w.t.Errorf("problem: %+v", p)
	}
}

// waitFor waits for a condition on the server's state.
func (w *world) waitFor(what string, cond func() bool) {
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

// setAnswer lets f answer from now on.
func (b *bot) setAnswer(f func(a obj) (int, any)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// forget throws away what the bot got until now.
func (b *bot) forget() {
	for len(b.all) > 0 {
		<-b.all
	}
}

// waitActivity waits until the bot gets an activity of this type.
func (w *world) waitActivity(kind string) obj {
	w.t.Helper()
	return w.waitRequest(kind).body
}

// waitRequest is waitActivity with the header.
func (w *world) waitRequest(kind string) got {
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

// wantField checks a field of a JSON object, as dig reads it. A nil means that there is no such field.
func wantField(t *testing.T, v any, path string, want any) {
	t.Helper()
	if got := dig(v, path); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", path, got, want)
	}
}

// must returns a function so that must(f())(t) can take both results of a call.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		noError(t, err)
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
