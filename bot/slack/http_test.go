package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
)

// Without Socket Mode, Slack sends events, commands and interactions as signed HTTP requests. These tests check
// that the Surface takes only those that Slack signed, and stores each before it answers.

// Paths at which Slack calls us.
const (
	eventsPath       = "/slack/events"
	commandsPath     = "/slack/commands"
	interactionsPath = "/slack/interactions"
)

const testSigningSecret = "s3cret"

// newHTTPWorld starts a workspace whose app is called by HTTP instead of a socket. It returns the address of our
// server, which Slack doesn't know yet.
func newHTTPWorld(t *testing.T) (w *world, ourURL string) {
	t.Helper()
	w = newWorld(t, func(o *Options, f *slackfake.Options) {
		o.SigningSecret, f.SigningSecret = testSigningSecret, testSigningSecret
	})
	mux := http.NewServeMux()
	for pattern, h := range w.surface.Handlers() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return w, srv.URL
}

// newCalledWorld starts a workspace as newHTTPWorld does, tells Slack our addresses and connects the surface.
func newCalledWorld(t *testing.T) *world {
	t.Helper()
	w, ourURL := newHTTPWorld(t)
	noError(t, w.fake.Webhooks.Use(w.ctx(), slackfake.Targets{ // which fails unless we answer url_verification
		Events:       ourURL + eventsPath,
		Commands:     ourURL + commandsPath,
		Interactions: ourURL + interactionsPath,
		Options:      ourURL + interactionsPath,
	}))
	w.connect()
	return w
}

// postTo sends a request as Slack does, and returns the answer without its body.
func (w *world) postTo(address string, body []byte, h http.Header) *http.Response {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, bytes.NewReader(body))
	noError(w.t, err)
	r.Header = h.Clone()
	resp, err := emulator.NewClient().Do(r)
	noError(w.t, err)
	noError(w.t, resp.Body.Close())
	return resp
}

// callbackOfReply returns the callback for a message that somebody wrote in a thread of ours.
func (w *world) callbackOfReply(text string) []byte {
	w.t.Helper()
	self := w.self()
	return fmt.Appendf(nil, `{
		"type": "event_callback", "team_id": %q, "api_app_id": %q, "event_id": "Ev1",
		"event": {
			"type": "message", "user": "UANN", "channel": "C1", "ts": "1700000002.000200",
			"thread_ts": "1700000001.000100", "parent_user_id": "UBOT", "text": %q
		}
	}`, self.Team, self.App, text)
}

func TestMessageByHTTP(t *testing.T) {
	t.Parallel()
	w := newCalledWorld(t)
	ts := w.postAsAnn(w.postRoot().Message, "On our way")
	wantEqual(t, "text of the message", w.waitAction(w.messageID(ts)).Text, "On our way")
}

// A command that Slack brings by HTTP is stored without its secrets, by which a reader of the journal could act in
// our name.
func TestCommandByHTTP(t *testing.T) {
	t.Parallel()
	w := newCalledWorld(t)
	w.postRoot()
	w.typeCommand("#12 assign <@U0ANN>")
	f := w.desk.First(t, interactionFacts)
	a := w.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "assigned to", strings.Join(a.Args.Agents, " "), w.ann)
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	wantNoWords(t, string(f.Payload), secretsOfInteractions()...)
}

// If an event can't be stored, Slack is asked to bring it later. Later messages may overtake it, so a gap is open
// meanwhile.
func TestOverloadAnswers503(t *testing.T) {
	t.Parallel()
	w, ourURL := newHTTPWorld(t)
	w.desk.Refuse(channels.ErrOverloaded)

	body := w.callbackOfReply("x")
	resp := w.postTo(ourURL+eventsPath, body, w.fake.Webhooks.Sign(body))
	wantEqual(t, "status", resp.StatusCode, http.StatusServiceUnavailable)
	wantEqual(t, "Slack is told when to try again", resp.Header.Get("Retry-After") != "", true)
	wantEqual(t, "gaps", w.desk.Gaps(), 1)
	wantEqual(t, "the gap is open", w.hasGap(), true)

	w.desk.Refuse(nil)
	resp = w.postTo(ourURL+eventsPath, body, w.fake.Webhooks.Sign(body))
	wantEqual(t, "status of the second attempt", resp.StatusCode, http.StatusOK)
	w.wantFacts(allFacts, 1)
}

// A click that can't be stored isn't acknowledged.
func TestClickThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w, ourURL := newHTTPWorld(t)
	w.desk.Refuse(channels.ErrOverloaded)
	for _, tt := range []struct {
		name string
		body string
		want int
	}{
		{name: "a click", body: url.Values{"payload": {"{}{}"}}.Encode(), want: http.StatusServiceUnavailable},
		{name: "no form", body: "%", want: http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(tt.body)
			resp := w.in(t).postTo(ourURL+interactionsPath, body, w.fake.Webhooks.Sign(body))
			wantEqual(t, "status", resp.StatusCode, tt.want)
		})
	}
}

// An event that Slack could not bring at once may come after later ones, so more may be missing. Replies wait until
// Parley has looked for that.
func TestEventBroughtAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		header   http.Header // beside what is signed
		wantGaps int
	}{
		{name: "first attempt", header: nil, wantGaps: 0},
		{name: "second attempt", header: http.Header{"X-Slack-Retry-Num": {"1"}}, wantGaps: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w, ourURL := newHTTPWorld(t)
			body := w.callbackOfReply("x")
			header := w.fake.Webhooks.Sign(body)
			maps.Copy(header, tt.header)
			resp := w.postTo(ourURL+eventsPath, body, header)
			wantEqual(t, "status", resp.StatusCode, http.StatusOK)
			wantEqual(t, "gaps", w.desk.Gaps(), tt.wantGaps)
		})
	}
}

// signedAt returns the header of a body that Slack signed at this time.
func signedAt(at time.Time, body []byte) http.Header {
	s := slackfake.New(slackfake.Options{SigningSecret: testSigningSecret, Clock: func() time.Time { return at }})
	defer s.Close() //nolint:errcheck // it never listened
	return s.Webhooks.Sign(body)
}

// A request that Slack signed within the last five minutes is read (case 32).
func TestSignedRequestIsRead(t *testing.T) {
	t.Parallel()
	w, ourURL := newHTTPWorld(t)
	body := []byte(`{"type":"url_verification","challenge":"c"}`)
	for _, tt := range []struct {
		name   string
		header http.Header
	}{
		{name: "now", header: w.fake.Webhooks.Sign(body)},
		{name: "four minutes ago", header: signedAt(time.Now().Add(-4*time.Minute), body)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantEqual(t, "status", w.in(t).postTo(ourURL+eventsPath, body, tt.header).StatusCode, http.StatusOK)
		})
	}
	w.wantFacts(allFacts, 0)
}

// A request that Slack didn't sign, or signed more than five minutes ago, is refused at each of our addresses. So is
// one that is too long to be Slack's (case 32).
func TestRequestThatIsNotSignedIsRefused(t *testing.T) {
	t.Parallel()
	w, ourURL := newHTTPWorld(t)
	body := []byte(`{"type":"url_verification","challenge":"c"}`)
	signed := w.fake.Webhooks.Sign(body)
	signedBut := func(name, value string) http.Header {
		h := signed.Clone()
		h.Set(name, value)
		return h
	}

	const timeHeader, signatureHeader = "X-Slack-Request-Timestamp", "X-Slack-Signature"
	anotherTime := strconv.FormatInt(time.Now().Unix()-60, 10)
	signatureWithoutScheme := strings.TrimPrefix(signed.Get(signatureHeader), "v0=")

	for _, tt := range []struct {
		name   string
		header http.Header
		body   []byte
		want   int
	}{
		// The time is part of what is signed.
		{name: "six minutes old", header: signedAt(time.Now().Add(-6*time.Minute), body), body: body, want: http.StatusUnauthorized},
		{name: "six minutes ahead", header: signedAt(time.Now().Add(6*time.Minute), body), body: body, want: http.StatusUnauthorized},
		{name: "another time", header: signedBut(timeHeader, anotherTime), body: body, want: http.StatusUnauthorized},
		{name: "a time that isn't a number", header: signedBut(timeHeader, "now"), body: body, want: http.StatusUnauthorized},

		{name: "no signature", header: http.Header{}, body: body, want: http.StatusUnauthorized},
		{name: "an empty signature", header: signedBut(signatureHeader, "v0="), body: body, want: http.StatusUnauthorized},
		{name: "no scheme", header: signedBut(signatureHeader, signatureWithoutScheme), body: body, want: http.StatusUnauthorized},

		{name: "another body", header: signed, body: append([]byte(" "), body...), want: http.StatusUnauthorized},
		{
			name: "a body that is too long", header: signed, body: bytes.Repeat([]byte("x"), maxBodyBytes+1),
			want: http.StatusRequestEntityTooLarge,
		},
	} {
		for _, path := range []string{eventsPath, commandsPath, interactionsPath} {
			t.Run(tt.name+path, func(t *testing.T) {
				wantEqual(t, "status", w.in(t).postTo(ourURL+path, tt.body, tt.header).StatusCode, tt.want)
			})
		}
	}
	w.wantFacts(allFacts, 0)
}

// Without a secret no request counts as signed.
func TestNothingIsSignedWithoutASecret(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	d := &door{intake: &intake{workspace: &workspace{now: time.Now}}}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, nil) // anybody can make such a signature
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	header := http.Header{
		"X-Slack-Request-Timestamp": {stamp},
		"X-Slack-Signature":         {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	}

	wantEqual(t, "is signed", d.isSigned(header, body), false)
}
