package slack

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/bot/slack/fact"
	"parley/channels"
)

// Limits of signed requests.
const (
	bodyMost       = 2 << 20
	stampTolerance = 5 * time.Minute
	retryLater     = "5" // seconds
	// retriesLast is how long Slack tries again to deliver an event: at once, after a minute, and five
	// minutes later. So an earlier event may arrive after a later one.
	// Source: docs.slack.dev/apis/events-api#retries
	retriesLast = 7 * time.Minute
)

// door takes the requests that Slack signs.
type door struct {
	*intake

	secret string // that Slack signs with
}

// handlers gives what takes requests, by pattern.
func (d *door) handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"POST /slack/events":       d.verified(d.serveEvent),
		"POST /slack/commands":     d.verified(d.serveCommand),
		"POST /slack/interactions": d.verified(d.serveInteraction),
	}
}

// verified calls next for requests that Slack has signed, and refuses all others.
// Source: docs.slack.dev/authentication/verifying-requests-from-slack, read 2026-11.
func (d *door) verified(next func(http.ResponseWriter, *http.Request, []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		body.Grow(int(min(max(r.ContentLength, 0), bodyMost)) + bytes.MinRead) // so that it need not grow again
		if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, bodyMost)); err != nil {
			var tooLong *http.MaxBytesError
			if errors.As(err, &tooLong) {
				http.Error(w, "too long", http.StatusRequestEntityTooLarge)
				return
			}
			http.Error(w, "not readable", http.StatusBadRequest)
			return
		}
		if asksForTLS(r.Header, body.Bytes()) {
			w.WriteHeader(http.StatusOK)
			return
		}
		if !d.signed(r.Header, body.Bytes()) {
			http.Error(w, "not signed by Slack", http.StatusUnauthorized)
			return
		}
		next(w, r, body.Bytes())
	})
}

// signed checks the signature over the raw bytes and its age.
func (d *door) signed(h http.Header, body []byte) bool {
	stamp, signature := h.Get("X-Slack-Request-Timestamp"), h.Get("X-Slack-Signature")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || d.secret == "" {
		return false
	}
	if age := d.now().Sub(time.Unix(seconds, 0)); age > stampTolerance || age < -stampTolerance {
		return false
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "v0="))
	if err != nil || !strings.HasPrefix(signature, "v0=") {
		return false
	}
	mac := hmac.New(sha256.New, []byte(d.secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), given)
}

// serveEvent stores one callback before it answers 200.
func (d *door) serveEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	const asksForEcho = "url_verification"
	var cb fact.Callback
	// Hardly any request asks for an echo: only those that contain the word are decoded to look.
	if bytes.Contains(body, []byte(asksForEcho)) && json.Unmarshal(body, &cb) == nil && cb.Type == asksForEcho {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, cb.Challenge) //nolint:errcheck // the client is gone
		return
	}
	me, err := d.identifyWithin(r.Context(), 2*time.Second)
	if err != nil {
		d.unavailable(w, err)
		return
	}
	if r.Header.Get("X-Slack-Retry-Num") != "" {
		d.sweeper.CatchUpSoon(d.now().Add(-retriesLast)) // before the event is stored: earlier texts are to leave first
	}
	if err := d.takeEvents(r.Context(), me, body); err != nil {
		d.sweeper.CatchUpSoon(d.now().Add(-acceptWithin)) // later texts must not overtake this one
		d.unavailable(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// asksForTLS tells whether Slack only looks whether the address answers with a valid certificate, as it does now and
// then with those of commands. Such a request is not signed, and nothing else that stands in it counts.
// Source: so does @slack/bolt 5.1.0, before it verifies anything.
func asksForTLS(h http.Header, body []byte) bool {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return false
	}
	form, err := url.ParseQuery(string(body))
	return err == nil && form.Get("ssl_check") == "1"
}

// serveInteraction answers clicks, forms, shortcuts and menus.
func (d *door) serveInteraction(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "no form", http.StatusBadRequest)
		return
	}
	me, err := d.identifyWithin(r.Context(), 2*time.Second)
	if err != nil {
		d.unavailable(w, err)
		return
	}
	a, err := d.takeInteraction(r.Context(), me, []byte(form.Get("payload")))
	d.respond(w, r, a, err)
}

// serveCommand answers slash commands, which come as a form; they are stored as JSON.
func (d *door) serveCommand(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "no form", http.StatusBadRequest)
		return
	}
	fields := map[string]string{}
	for k := range form {
		fields[k] = form.Get(k)
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		http.Error(w, "no form", http.StatusBadRequest)
		return
	}
	me, err := d.identifyWithin(r.Context(), 2*time.Second)
	if err != nil {
		d.unavailable(w, err)
		return
	}
	a, err := d.takeCommand(r.Context(), me, raw)
	d.respond(w, r, a, err)
}

func (d *door) respond(w http.ResponseWriter, r *http.Request, a answer, err error) {
	if err != nil {
		d.unavailable(w, err)
		return
	}
	if a.payload != nil {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(a.payload); err != nil {
			d.log.Info("slack answer not sent", "error", err)
		}
	} else {
		w.WriteHeader(http.StatusOK)
	}
	d.afterwards(r.Context(), a)
}

// unavailable asks Slack to come back: nothing was stored.
func (d *door) unavailable(w http.ResponseWriter, err error) {
	if !errors.Is(err, channels.ErrOverloaded) {
		d.log.Error("slack request not stored", "error", err)
	}
	w.Header().Set("Retry-After", retryLater)
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}
