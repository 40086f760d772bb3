package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// inlineFile is a file without a public address: its content goes into the callback.
func inlineFile(name string, body []byte) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(body)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
		Link: func() (string, error) { return "", errors.New("no public address") }}
}

// linkedFile is a file with a public address, which goes into the callback; its content is never read.
func linkedFile(name, link string) channels.File {
	f := inlineFile(name, []byte("never read"))
	f.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("it was read") }
	f.Link = func() (string, error) { return link, nil }
	return f
}

// richMessages gives a rich message of each kind, with n choices each.
func richMessages(n int) []channels.Rich {
	var buttons []channels.Button
	var rows []channels.ListRow
	var cards []channels.RichCard
	for i := range n {
		buttons = append(buttons, channels.Button{ID: fmt.Sprint(i), Title: "B"})
		rows = append(rows, channels.ListRow{ID: fmt.Sprint(i), Title: "R"})
		cards = append(cards, channels.RichCard{Title: "C", Buttons: buttons[:1]})
	}
	return []channels.Rich{
		{Buttons: buttons},
		{List: &channels.List{Button: "Open", Sections: []channels.ListSection{{Rows: rows}}}},
		{Cards: cards},
		{Location: &channels.Location{Latitude: 1, Longitude: 2}},
		{Contact: &channels.ContactCard{Name: "Ann"}},
	}
}

// answerOnce is a callback that gives one answer, and must be called once.
func answerOnce(t *testing.T, status int, retryAfter, body string) channels.Channel {
	t.Helper()
	calls := 0
	c, _ := newChannelTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		isJSON := r.Header.Get("Content-Type") == "application/json"
		if !isJSON || r.Header.Get("Idempotency-Key") == "" || r.URL.Query().Get("tenant") != "1" {
			t.Errorf("%s was called with %v, want JSON, a key and the address's own query", r.URL, r.Header)
		}
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(func() { wantEqual(t, "calls", calls, 1) }) // runs before the server's, which waits for no call
	return c
}

// If the callback answers that it has the message, the receipt has the id that it gives, or our token if it gives none.
func TestAnswersThatTake(t *testing.T) {
	t.Parallel()
	const token = "p1.101." // the token begins with the delivery and the message
	for _, c := range []struct {
		status   int
		body, id string
	}{
		{status: 200, body: `{"id":"x-1"}`, id: "x-1"},
		{status: 201, body: ``, id: token},
		{status: 204, body: ``, id: token},
		{status: 202, body: `thanks`, id: token},
		{status: 200, body: `{"id":" x"}`, id: token},
		{status: 409, body: `{"id":"x-1"}`, id: "x-1"},
		{status: 409, body: ``, id: token},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.body), func(t *testing.T) {
			receipt, err := answerOnce(t, c.status, "", c.body).Send(t.Context(), outbound(1, "x"))
			noError(t, err)
			wantEqual(t, "state", receipt.State, channels.StateAccepted)
			if got := receipt.ExternalID; got != c.id && (c.id != token || !strings.HasPrefix(got, token)) {
				t.Errorf("external id: got %q, want %s", got, c.id)
			}
		})
	}
}

// Each answer with which a callback refuses a message has the meaning that our documentation gives it.
func TestAnswersThatRefuse(t *testing.T) {
	t.Parallel()
	date := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status           int
		retryAfter, body string
		class            channels.Class
		text             string        // part of the error
		wait             time.Duration // at most, and at least a few seconds less
	}{
		{status: 429, retryAfter: "5", class: channels.Throttled, text: "wait", wait: 5 * time.Second},
		{status: 429, class: channels.Throttled, text: "wait", wait: 30 * time.Second},
		{status: 429, retryAfter: "0", class: channels.Throttled, text: "wait", wait: time.Second},
		{status: 503, retryAfter: date, class: channels.Throttled, text: "wait", wait: 20 * time.Second},
		{status: 503, class: channels.Ambiguous, text: "stumbled"},
		{status: 500, class: channels.Ambiguous, text: "stumbled"},
		{status: 504, class: channels.Ambiguous},
		{status: 400, body: `{"error":"no\n such  field"}`, class: channels.BadContent, text: `It says: "no such field"`},
		{status: 400, body: `{"error":"` + strings.Repeat("x", 301) + `"}`, class: channels.BadContent, text: strings.Repeat("x", 300) + `…"`},
		{status: 413, class: channels.BadContent, text: "413"},
		{status: 418, body: `x`, class: channels.BadContent},
		{status: 401, class: channels.AuthBroken, text: "signature"},
		{status: 403, class: channels.AuthBroken, text: "signature"},
		{status: 404, class: channels.AuthBroken, text: "callback_url"},
		{status: 405, class: channels.AuthBroken},
		{status: 302, class: channels.AuthBroken, text: "redirects"},
		{status: 408, class: channels.Retry},
		{status: 410, class: channels.BadRecipient, text: "no such customer"},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.retryAfter), func(t *testing.T) {
			_, err := answerOnce(t, c.status, c.retryAfter, c.body).Send(t.Context(), outbound(1, "x"))
			var se *channels.SendError
			if !errors.As(err, &se) {
				t.Fatalf("sending: got %v, want a *SendError", err)
			}
			wantEqual(t, "class", se.Class, c.class)
			wantText(t, "error", se.Text, c.text)
			wantEqual(t, "it tells what the callback says", strings.Contains(se.Text, "It says"), strings.Contains(c.body, "error"))
			if se.Wait > c.wait || se.Wait < min(c.wait, max(c.wait-15*time.Second, time.Second)) {
				t.Errorf("it waits %s, want about %s", se.Wait, c.wait)
			}
		})
	}
}

// dialer fails with an error, or stands for net.Dialer.
type dialer struct{ err error }

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.err != nil {
		return nil, &net.OpError{Op: "dial", Err: d.err}
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// wantOutcome asks whether the callback has a message.
func wantOutcome(t *testing.T, c channels.Channel, want channels.Outcome) error {
	t.Helper()
	outcome, _, err := c.Reconcile(t.Context(), outbound(1, "x"))
	wantEqual(t, "outcome", outcome, want)
	return err
}

// wantFinding checks what doctor finds about the callback.
func wantFinding(t *testing.T, c channels.Channel, ok bool, text string) {
	t.Helper()
	f := c.(channels.Checker).Check(t.Context())[1]
	wantEqual(t, "doctor finds the callback in order", f.OK, ok)
	wantEqual(t, "doctor has a hint", f.Hint != "", !ok)
	wantText(t, "doctor's finding", f.Text, text)
}

// If the connection fails, nothing can have left. It is tried again, unless the callback is in the own network: that
// needs a person.
func TestUnreached(t *testing.T) {
	t.Parallel()
	for class, failure := range map[channels.Class]error{
		channels.Retry:      errors.New("connection refused"),
		channels.AuthBroken: channels.ErrPrivateAddress,
	} {
		t.Run(failure.Error(), func(t *testing.T) {
			w := newWorld(t, func(e *channels.Env) { e.Dialer = dialer{failure} })
			_, err := w.channel.Send(t.Context(), outbound(1, "x"))
			wantEqual(t, "class of the error", channels.ClassOf(err), class)
			_, err = w.channel.(channels.Fetcher).Fetch(t.Context(), w.base+"/files/box.txt")
			wantEqual(t, "a customer's file is asked for again", channels.ClassOf(err) == channels.Retry, class == channels.Retry)

			if err := wantOutcome(t, w.channel, channels.CannotTell); err == nil || strings.Contains(err.Error(), "tenant") {
				t.Errorf("reconciling: got %v, want an error without the callback's address", err)
			}
			why := map[channels.Class]string{channels.Retry: "can't be reached", channels.AuthBroken: "your own network"}
			wantFinding(t, w.channel, false, why[class])
		})
	}
}

// An answer that hasn't the published form doesn't say whether the message is there.
func TestAnswersThatSayNothing(t *testing.T) {
	t.Parallel()
	for _, answer := range []struct {
		status int
		body   string
	}{
		{status: 200, body: `{}`},
		{status: 200, body: `{"key":"KEY"}`},
		{status: 404, body: `{"id":"x-1"}`},
		{status: 500, body: `{"id":"x-1","key":"KEY"}`},
	} {
		c, _ := newChannelTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key := r.URL.Query().Get("key")
			if key == "parley-doctor" { // which no message has
				http.NotFound(w, r)
				return
			}
			w.WriteHeader(answer.status)
			_, _ = io.WriteString(w, strings.ReplaceAll(answer.body, "KEY", key))
		}))
		if err := wantOutcome(t, c, channels.CannotTell); err != nil {
			t.Errorf("%d %s: %v", answer.status, answer.body, err)
		}
	}
}

// attachments returns the attachments of the one message that the shop got.
func (w *world) attachments(t *testing.T) string {
	t.Helper()
	var m struct{ Attachments json.RawMessage }
	noError(t, json.Unmarshal(w.shop.Got()[0].Body, &m))
	wantEqual(t, "messages to the shop", len(w.shop.Got()), 1)
	return string(m.Attachments)
}

// If Parley has a public address, a callback gets addresses of files instead of their content.
func TestLinkedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(e *channels.Env) { e.HookURL = "https://help.test/hooks/shop" })
	wantEqual(t, "bytes of a file at most", w.channel.Capabilities().Files.MaxBytes, 100<<20)

	o := outbound(1, "x")
	o.Files = []channels.File{linkedFile("a.txt", "https://help.test/files/f.1"), linkedFile("b.txt", "https://help.test/files/f.2")}
	w.mustSend(t, o)

	large := linkedFile("c.bin", "https://help.test/files/f.3")
	large.SizeBytes = 101 << 20
	o.Files = []channels.File{large}
	_, err := w.channel.Send(t.Context(), o)
	wantEqual(t, "class of the error about 101 MiB", channels.ClassOf(err), channels.BadContent)

	wantEqual(t, "attachments", w.attachments(t), `[{"name":"a.txt","type":"text/plain","size":10,"url":"https://help.test/files/f.1"},`+
		`{"name":"b.txt","type":"text/plain","size":10,"url":"https://help.test/files/f.2"}]`)
}

// A status, an answer or a reaction may name our message by its token. The token counts only if one of our keys made it.
func TestStatusByToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	o := outbound(5, "x")
	w.mustSend(t, o)
	o.Attempt.Again = 1 // it failed, and a person sent it again: the shop takes it as another one
	w.mustSend(t, o)

	if len(w.shop.Got()) != 2 {
		t.Fatalf("the shop got %+v, want two messages", w.shop.Got())
	}
	key, again := w.shop.Got()[0].Key, w.shop.Got()[1].Key
	wantEqual(t, "both messages have one key", again == key, false)

	old := newWorld(t, func(e *channels.Env) { e.Keys = [][]byte{[]byte("newer"), []byte("new key")} })
	stranger := newWorld(t, func(e *channels.Env) { e.Keys = [][]byte{[]byte("another")} })
	for name, c := range map[string]struct {
		w     *world
		token string
		want  int64 // our message; 0 = none
	}{
		"ours":             {w: w, token: key, want: o.MessageID},
		"ours again":       {w: w, token: again, want: o.MessageID},
		"after a new key":  {w: old, token: key, want: o.MessageID},
		"another Parley's": {w: stranger, token: key},
		"changed":          {w: w, token: strings.Replace(key, "105", "106", 1)},
		"cut":              {w: w, token: key[:len(key)-1]},
		"theirs":           {w: w, token: "shop-1"},
	} {
		postOne := func(e map[string]any) channels.Inbound {
			e["id"], e["from"] = "e", map[string]any{"id": "kim"}
			return decodeOne(t, c.w.channel, c.w.post(t, e)[0].Payload)
		}

		status := postOne(map[string]any{"type": "status", "message": c.token, "state": "delivered"}).Status
		wantEqual(t, name+": message of a status", status.MessageID, c.want)
		if !slices.Equal(status.External, []string{c.token}) {
			t.Errorf("%s: external ids: got %q, want %s alone", name, status.External, c.token)
		}

		answer := postOne(map[string]any{"type": "message", "text": "x", "reply_to": c.token})
		wantEqual(t, name+": message of an answer", answer.Answers.Message, c.want)

		reaction := postOne(map[string]any{"type": "reaction", "emoji": "👍", "target": c.token})
		wantEqual(t, name+": message of a reaction", reaction.Answers.Message, c.want)
	}
}
