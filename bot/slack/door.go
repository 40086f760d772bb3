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

	"parley/channels"
)

// Limits of signed requests.
const (
	maxBodyBytes    = 2 << 20
	maxStampAge     = 5 * time.Minute // the maximum difference between a request's time and our clock
	identifyTimeout = 2 * time.Second // Slack wants a response within 3 s
	retryAfter      = "5"             // seconds
)

// door serves HTTP requests from Slack. They are the alternative to Socket Mode: Slack posts events, slash commands and
// interactions (such as clicks) to our address, and signs each request with a secret that it shares with us.
//
// A request is acknowledged only after its content was stored. If storing fails, the response is 503. Slack then sends
// an event again, but not a command or an interaction: its user sees an error.
type door struct {
	*intake

	secret string // the signing secret of our Slack app
}

// makeHandlers returns the handlers by their patterns for http.ServeMux.
func (d *door) makeHandlers() map[string]http.Handler {
	return map[string]http.Handler{
		"POST /slack/events":       d.requireSignature(d.serveEvent),
		"POST /slack/commands":     d.requireSignature(d.serveCommand),
		"POST /slack/interactions": d.requireSignature(d.serveInteraction),
	}
}

// requireSignature returns a handler that calls next for requests that Slack has signed, and refuses all others.
// Source: docs.slack.dev/authentication/verifying-requests-from-slack, read 2026-11.
func (d *door) requireSignature(next func(w http.ResponseWriter, r *http.Request, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := readBody(w, r)
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				http.Error(w, "too long", http.StatusRequestEntityTooLarge)
				return
			}

			http.Error(w, "not readable", http.StatusBadRequest)
			return
		}

		if isCertificateCheck(r.Header, body) {
			w.WriteHeader(http.StatusOK)
			return
		}
		if !d.isSigned(r.Header, body) {
			http.Error(w, "not signed by Slack", http.StatusUnauthorized)
			return
		}

		next(w, r, body)
	})
}

// readBody reads a body of at most maxBodyBytes.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	announced := min(max(r.ContentLength, 0), maxBodyBytes)
	var body bytes.Buffer
	body.Grow(int(announced) + bytes.MinRead) // so that ReadFrom needn't reallocate
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	return body.Bytes(), err
}

// isSigned reports whether the signature matches the body, and whether the request is recent.
func (d *door) isSigned(h http.Header, body []byte) bool {
	stamp, signature := h.Get("X-Slack-Request-Timestamp"), h.Get("X-Slack-Signature")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || d.secret == "" {
		return false
	}
	if age := d.now().Sub(time.Unix(seconds, 0)).Abs(); age > maxStampAge {
		return false
	}

	digits, isV0 := strings.CutPrefix(signature, "v0=")
	given, err := hex.DecodeString(digits)
	if err != nil || !isV0 {
		return false
	}

	mac := hmac.New(sha256.New, []byte(d.secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), given)
}

// serveEvent stores an event and acknowledges it.
func (d *door) serveEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	if challenge, isCheck := readChallenge(body); isCheck {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, challenge) //nolint:errcheck // the client is gone
		return
	}

	self, err := d.identifyWithin(r.Context(), identifyTimeout)
	if err != nil {
		d.askToRetry(w, err)
		return
	}

	if r.Header.Get("X-Slack-Retry-Num") != "" {
		d.expectMissing()
	}

	if err := d.takeEvents(r.Context(), self, body); err != nil {
		// The lost event may be the deletion of a reply. Read Slack's history, and send no replies until then.
		d.sweeper.CatchUpSoon(d.now().Add(-d.acceptTimeout))
		d.askToRetry(w, err)
		return
	}

	w.WriteHeader(http.StatusOK)
}

// readChallenge returns the challenge in a request by which Slack checks our address when an admin enters it. The
// response must repeat the challenge.
func readChallenge(body []byte) (challenge string, isCheck bool) {
	const kind = "url_verification"
	if !bytes.Contains(body, []byte(kind)) { // the common case, without decoding
		return "", false
	}
	var cb Callback
	if json.Unmarshal(body, &cb) != nil || cb.Type != kind {
		return "", false
	}
	return cb.Challenge, true
}

// isCertificateCheck reports whether Slack only checks the TLS certificate of our address, as it sometimes does for
// slash commands. That request isn't signed.
// Source: @slack/bolt 5.1.0, which answers it before it verifies the signature.
func isCertificateCheck(h http.Header, body []byte) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return false
	}
	form, err := url.ParseQuery(string(body))
	return err == nil && form.Get("ssl_check") == "1"
}

func (d *door) serveInteraction(w http.ResponseWriter, r *http.Request, body []byte) {
	d.serveForm(w, r, body, func(self *Self, form url.Values) (answer, error) {
		return d.takeInteraction(r.Context(), self, []byte(form.Get("payload")))
	})
}

// serveCommand serves slash commands. They arrive as a form and are stored as JSON.
func (d *door) serveCommand(w http.ResponseWriter, r *http.Request, body []byte) {
	d.serveForm(w, r, body, func(self *Self, form url.Values) (answer, error) {
		fields := map[string]string{}
		for name := range form {
			fields[name] = form.Get(name)
		}
		raw, err := json.Marshal(fields)
		if err != nil {
			return answer{}, err
		}
		return d.takeCommand(r.Context(), self, raw)
	})
}

// serveForm serves a request whose body is a form. take stores the form and returns the response.
func (d *door) serveForm(
	w http.ResponseWriter, r *http.Request, body []byte, take func(self *Self, form url.Values) (answer, error),
) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "no form", http.StatusBadRequest)
		return
	}

	self, err := d.identifyWithin(r.Context(), identifyTimeout)
	if err != nil {
		d.askToRetry(w, err)
		return
	}

	a, err := take(self, form)
	if err != nil {
		d.askToRetry(w, err)
		return
	}

	d.sendAnswer(w, r, a)
}

func (d *door) sendAnswer(w http.ResponseWriter, r *http.Request, a answer) {
	if a.payload == nil {
		w.WriteHeader(http.StatusOK)
	} else {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(a.payload); err != nil {
			d.log.Info("slack answer not sent", "error", err)
		}
	}
	d.runAfter(r.Context(), a)
}

// askToRetry responds with 503, because nothing was stored.
func (d *door) askToRetry(w http.ResponseWriter, err error) {
	if !errors.Is(err, channels.ErrOverloaded) {
		d.log.Error("slack request not stored", "error", err)
	}
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}
