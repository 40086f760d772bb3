package slackfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Webhooks delivers events, interactions and commands to the app as HTTP requests, signed with the signing secret. The
// deliveries of one channel form a lane, which is a queue that is delivered in order. Lanes are processed concurrently.
// Interactions and commands have a lane each, so that people don't wait for each other.
//
// "The lock", workspace.Ground.Mu, guards Targets and lanes.
type Webhooks struct {
	*Ground
	events  *Events
	client  *http.Client
	Targets Targets
	lanes   map[string][]*delivery // the first delivery of each is in flight
}

// Targets are the URLs of the app. For an empty one, Socket Mode is used.
type Targets struct {
	Events       string `json:"events"`       // settings.event_subscriptions.request_url
	Commands     string `json:"commands"`     // url of the slash commands
	Interactions string `json:"interactions"` // settings.interactivity.request_url
	Options      string `json:"options"`      // message_menu_options_url; empty means Interactions
}

// addressFor returns the URL for a delivery, or "" for Socket Mode.
func (t Targets) addressFor(d *delivery) string {
	switch d.kind {
	case "events_api":
		return t.Events
	case "slash_commands":
		return t.Commands
	}
	if d.name == "block_suggestion" && t.Options != "" {
		return t.Options
	}
	return t.Interactions
}

// Use switches to HTTP. Before that it verifies the URL for events, as Slack does: the app must echo a challenge within 3 s,
// or Use returns an error and switches nothing. Deliveries that wait for a socket are then sent over HTTP.
func (s *Webhooks) Use(ctx context.Context, t Targets) error {
	if t.Events != "" {
		if err := s.verifyURL(ctx, t.Events); err != nil {
			return err
		}
	}

	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Targets = t
	s.events.Sockets.sendParked()
	return nil
}

func (s *Webhooks) verifyURL(ctx context.Context, address string) error {
	s.Mu.Lock()
	challenge := s.Secret(40)
	s.Mu.Unlock()
	body := MustJSON(map[string]any{"type": "url_verification", "token": "fakeVerificationToken", "challenge": challenge})
	status, got, _, err := s.post(ctx, address, "application/json", body, nil)
	if err != nil {
		return fmt.Errorf("slackfake: url_verification: %w", err)
	}
	if status != http.StatusOK || readChallenge(got) != challenge {
		return fmt.Errorf("slackfake: url_verification: status %d, challenge not echoed", status)
	}
	return nil
}

// readChallenge returns the challenge that an app has echoed, in any of the three permitted formats: JSON, a form or plain
// text.
func readChallenge(body []byte) string {
	var v struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(body, &v) == nil && v.Challenge != "" {
		return v.Challenge
	}
	text := strings.TrimSpace(string(body))
	form, err := url.ParseQuery(text)
	if err == nil && form.Has("challenge") {
		return form.Get("challenge")
	}
	return text
}

const formType = "application/x-www-form-urlencoded"

// Sign returns the headers with Slack's signature of a body.
// Source: docs.slack.dev/authentication/verifying-requests-from-slack, read 2026-11.
func (s *Webhooks) Sign(body []byte) http.Header {
	stamp := strconv.FormatInt(s.Opt.SignClock().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.Opt.SigningSecret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// newClient returns a client that keeps enough connections open for concurrent lanes.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library's own
	transport.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// CloseIdle closes unused connections.
func (s *Webhooks) CloseIdle() { s.client.CloseIdleConnections() }

// post sends a signed request and reads at most 1 MiB of the response.
func (s *Webhooks) post(ctx context.Context, address, kind string, body []byte, extra map[string]string) (int, []byte, http.Header, error) {
	ctx, stop := context.WithTimeout(ctx, s.Opt.AckTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("slackfake: request: %w", err)
	}

	req.Header = s.Sign(body)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")

	for k, v := range extra {
		req.Header.Set(k, v)
	}

	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, got, res.Header, err
}

// sendHTTP appends a delivery to its lane. The caller must hold the lock.
func (s *Webhooks) sendHTTP(d *delivery) {
	key := d.kind + "|" + d.key
	if d.kind != "events_api" {
		key += "|" + d.id // a lane of its own
	}
	s.lanes[key] = append(s.lanes[key], d)
	if len(s.lanes[key]) > 1 || s.Ctx.Err() != nil {
		return
	}
	s.Host.Go(func() { s.runLane(key) })
}

// runLane delivers the deliveries of a lane one after the other, until the lane is empty.
func (s *Webhooks) runLane(key string) {
	for s.Ctx.Err() == nil {
		d := s.firstOf(key)
		if d == nil {
			return
		}
		s.deliverHTTP(d)
		s.finish(key, d)
	}
}

// firstOf returns the first delivery of a lane. If the lane is empty, it removes the lane and returns nil.
func (s *Webhooks) firstOf(key string) *delivery {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if q := s.lanes[key]; len(q) > 0 {
		return q[0]
	}
	delete(s.lanes, key)
	return nil
}

// finish removes d from the head of its lane, unless a reset has emptied the lane.
func (s *Webhooks) finish(key string, d *delivery) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if q := s.lanes[key]; len(q) > 0 && q[0] == d {
		s.lanes[key] = q[1:]
		s.Note(Change{Kind: "delivered", ID: d.id})
	}
}

// deliverHTTP makes one attempt of a delivery and handles the result.
func (s *Webhooks) deliverHTTP(d *delivery) {
	kind, body := "application/json", []byte(d.payload)
	extra := map[string]string{}
	switch {
	case d.form != nil:
		v := url.Values{}
		for k, x := range d.form {
			v.Set(k, x)
		}
		kind, body = formType, []byte(v.Encode())
	case d.kind == "interactive":
		kind, body = formType, []byte(url.Values{"payload": {string(d.payload)}}.Encode())
	case d.attempt > 0:
		extra["X-Slack-Retry-Num"] = strconv.Itoa(d.attempt)
		extra["X-Slack-Retry-Reason"] = d.reason
	}

	status, got, head, err := s.post(s.Ctx, d.target, kind, body, extra)
	s.Mu.Lock()
	defer s.Mu.Unlock()

	if reason := failureReason(d, status, err); reason != "" {
		wasRead := err == nil && !d.isCut() // otherwise the headers didn't arrive
		if wasRead && head.Get("X-Slack-No-Retry") == "1" {
			s.events.giveUp(d, reason)
		} else {
			s.events.handleFailure(d, reason)
		}
		return
	}

	if d.answer != nil {
		d.passAnswer(Answer{Body: answerBody(got)})
		return
	}

	s.events.recordAcknowledged(d.id)
	s.Note(Change{Kind: "ack", ID: d.id})
}

// failureReason returns Slack's name for the reason why an attempt failed, or "" if it succeeded.
func failureReason(d *delivery, status int, err error) string {
	wantsAnswer := d.answer != nil
	if errors.Is(err, context.DeadlineExceeded) {
		if wantsAnswer {
			return "operation_timeout"
		}
		return "http_timeout"
	}

	if err != nil {
		return "connection_failed"
	}
	if d.isCut() {
		return "http_timeout"
	}
	if status >= http.StatusOK && status < http.StatusMultipleChoices {
		return ""
	}
	if wantsAnswer {
		return "http_" + strconv.Itoa(status)
	}

	return "http_error"
}

// answerBody returns the app's response as JSON. Plain text becomes a message with that text.
func answerBody(got []byte) json.RawMessage {
	if json.Valid(got) {
		return emptyToNil(got)
	}
	if text := strings.TrimSpace(string(got)); text != "" {
		return MustJSON(map[string]string{"text": text})
	}
	return nil
}
