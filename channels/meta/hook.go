package meta

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

// maxHook is the maximum size of a webhook's body, in bytes. Meta sends at most 3 MB.
const maxHook = 4 << 20

// signBody returns the signature of a webhook's body, as the header X-Hub-Signature-256 has it: "sha256=" and hex digits.
// Source: Graph API, "Webhooks: validating payloads".
func signBody(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// verifySignature reports whether a signature matches a body, which must be the raw bytes of the request. It is always false for
// an empty secret.
func verifySignature(secret []byte, signature string, body []byte) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil || len(secret) == 0 || !strings.HasPrefix(signature, "sha256=") {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hmac.Equal(given, mac.Sum(nil))
}

// webhook is the HTTP handler for Meta's webhooks, which report messages and other events. It stores each event as a Fact
// before it responds with 200, so that Meta sends again what couldn't be stored.
//
// Meta makes two kinds of requests. When a callback is set up, it sends a GET with a challenge, which Hook returns. Each
// POST is a signed notification of one or more events. Requests that can't be verified are rejected.
type webhook struct {
	Secret      []byte                            // the secret of the app, with which Meta signs notifications
	VerifyToken string                            // the token that we gave Meta, which a challenge must contain
	Split       func(body []byte) []channels.Fact // splits a verified body into one fact for each event
	Accept      channels.Accept                   // stores the facts
	// Later returns work to do after a notification was stored and answered, so that it doesn't delay the response. It
	// returns nil if there is nothing to do. Later itself may be nil.
	Later func() func(context.Context)
	Now   func() time.Time
	Log   *slog.Logger

	warned atomic.Int64 // when a refusal was last logged, in Unix seconds
}

// ServeHTTP implements http.Handler.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

// answerChallenge verifies a subscription: it returns hub.challenge if the verify token is right.
func (h *webhook) answerChallenge(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	hasToken := h.VerifyToken != "" && hmac.Equal([]byte(q.Get("hub.verify_token")), []byte(h.VerifyToken))
	if !hasToken || q.Get("hub.mode") != "subscribe" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, q.Get("hub.challenge"))
}

// refusalLogSeconds is the minimum interval between two log lines about refused webhooks.
const refusalLogSeconds = 60

// logRefusal logs that a webhook couldn't be verified. It is rate-limited, because anybody can send such requests.
func (h *webhook) logRefusal(size int) {
	now := h.Now().Unix()
	last := h.warned.Load()
	if now-last >= refusalLogSeconds && h.warned.CompareAndSwap(last, now) {
		h.Log.Warn("webhook with a wrong signature refused", "size_bytes", size)
	}
}

// storeEvents verifies and stores a notification. It responds with 200 only after that.
func (h *webhook) storeEvents(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		status := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}

		w.WriteHeader(status)
		return
	}

	if !verifySignature(h.Secret, r.Header.Get("X-Hub-Signature-256"), body) {
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

// answerStored responds with 200, and then does the work of Later, if any. In that case it closes the connection, because
// the next notification on it would have to wait.
func (h *webhook) answerStored(w http.ResponseWriter, r *http.Request) {
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
	_ = http.NewResponseController(w).Flush() // best effort: without it, the response is sent after later
	later(context.WithoutCancel(r.Context())) // because Meta hangs up when it has the response
}
