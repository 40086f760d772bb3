package graph

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"parley/channels"
)

// maxHook is the longest webhook that is read, in bytes; Meta sends at most 3 MB.
const maxHook = 4 << 20

// Sign returns the value of the header X-Hub-Signature-256 for a body.
// Source: Graph API, "Webhooks: validating payloads".
func Sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Verify reports whether a signature is that of a body, which must be unchanged to the byte. Without a secret
// it is always false.
func Verify(secret []byte, signature string, body []byte) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil || len(secret) == 0 || !strings.HasPrefix(signature, "sha256=") {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hmac.Equal(given, mac.Sum(nil))
}

// Hook receives webhooks, by which Meta tells what customers do. When a callback is set, Meta sends a GET with a challenge. Each POST then
// has a signed notification of one or more events. Hook refuses every request that it can't verify.
type Hook struct {
	Secret      []byte                            // the app's, which signs notifications
	VerifyToken string                            // the text by which a challenge proves to be meant for us
	Split       func(body []byte) []channels.Fact // returns the facts in a verified body: what is stored for each event
	Accept      channels.Accept                   // stores them
	// Later returns a function that is called after a notification was stored and answered, so that it keeps nobody waiting. Later
	// returns nil if there is nothing to do, and may be nil itself.
	Later func() func(context.Context)
	Now   func() time.Time
	Log   *slog.Logger

	warned atomic.Int64 // when a refused webhook was last logged, Unix seconds
}

// ServeHTTP implements http.Handler.
func (h *Hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		h.answerChallenge(w, r)
	case http.MethodPost:
		h.storeEvents(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// answerChallenge answers the verification of a subscription with its hub.challenge.
func (h *Hook) answerChallenge(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	same := hmac.Equal([]byte(q.Get("hub.verify_token")), []byte(h.VerifyToken))
	if h.VerifyToken == "" || q.Get("hub.mode") != "subscribe" || !same {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, q.Get("hub.challenge"))
}

// refusalLogSeconds is the shortest time between two lines of the log about refused webhooks.
const refusalLogSeconds = 60

// logRefusal logs that a webhook can't be verified. It does so rarely, because anybody can send such requests.
func (h *Hook) logRefusal(size int) {
	now := h.Now().Unix()
	last := h.warned.Load()
	if now-last >= refusalLogSeconds && h.warned.CompareAndSwap(last, now) {
		h.Log.Warn("webhook with a wrong signature refused", "size_bytes", size)
	}
}

// storeEvents stores a notification, and answers only then that it arrived.
func (h *Hook) storeEvents(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		status := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}

		w.WriteHeader(status)
		return
	}

	if !Verify(h.Secret, r.Header.Get("X-Hub-Signature-256"), body) {
		h.logRefusal(len(body))
		w.WriteHeader(http.StatusForbidden)
		return
	}

	switch err := h.Accept(r.Context(), h.Split(body)...); {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		h.Log.Error("webhook was not stored", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
	default:
		h.answerStored(w, r)
	}
}

// answerStored answers that a notification was stored, and then calls the function that Later returned, if any. In that case it closes
// the connection, because the next notification on it would have to wait.
func (h *Hook) answerStored(w http.ResponseWriter, r *http.Request) {
	var later func(context.Context)
	if h.Later != nil {
		later = h.Later()
	}
	if later == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush() // if it fails, the answer leaves after the call of later
	later(context.WithoutCancel(r.Context())) // the sender hangs up when it has its answer
}
