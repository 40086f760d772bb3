package http

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

const (
	maxAnswer     = 64 << 10 // bytes of a response that are read
	maxReason     = 300      // runes of the receiver's error that are shown
	userAgent     = "Parley/1"
	keyHeader     = "Idempotency-Key"
	unreachedHint = "Parley goes on trying; look whether callback_url is right and its server runs."
)

// Send implements channels.Channel. It posts the message to the callback, the address of the company's own
// system, which is called the receiver here.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	body, err := c.callbackBody(ctx, o)
	if err != nil {
		return channels.Receipt{}, err
	}

	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()

	if ctx.Err() != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: ctx.Err()}
	}

	resp, err := c.call(ctx, http.MethodPost, c.target.String(), body, c.tokenOf(o))
	if err != nil {
		return channels.Receipt{}, unansweredError(err)
	}
	defer resp.Body.Close()
	return c.readReceipt(resp, readAnswer(resp), c.tokenOf(o))
}

// call makes one signed request to the callback: a POST with a message in its body, or a GET that asks about
// a key. The signature covers the body of a POST and the key of a GET.
// Errors: *fence.LostError.
func (c *Channel) call(ctx context.Context, method, address string, body []byte, key string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, &wire.LostError{Cause: err}
	}

	// Without GetBody, net/http can't repeat a request with an Idempotency-Key by itself when its connection
	// breaks. The engine must know of every attempt.
	req.GetBody = nil
	signed := body
	if method == http.MethodGet {
		signed = []byte(key)
	} else {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(keyHeader, key)
	}

	req.Header.Set(signatureHeader, Sign(c.secret, c.env.Now(), signed))
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json")
	return wire.Do(c.calls, req)
}

// callbackAnswer is the body of a response of the callback. All fields are optional.
type callbackAnswer struct {
	ID    string `json:"id"`    // the receiver's id of the message
	Key   string `json:"key"`   // the key of a GET, repeated
	Error string `json:"error"` // why it was refused, for people
}

// readAnswer reads the body of a response. It returns the zero value if that isn't JSON.
func readAnswer(resp *http.Response) callbackAnswer {
	var answer callbackAnswer
	raw, err := wire.Read(resp, maxAnswer)
	if err != nil || json.Unmarshal(raw, &answer) != nil {
		return callbackAnswer{}
	}
	if whyBadID(answer.ID) != "" {
		answer.ID = ""
	}
	answer.Error = strings.Join(strings.Fields(answer.Error), " ")
	if runes := []rune(answer.Error); len(runes) > maxReason {
		answer.Error = string(runes[:maxReason]) + "…"
	}
	return answer
}

// unansweredError classifies a request without a response. The class is Ambiguous if the receiver may have
// got the message.
func unansweredError(err error) error {
	if errors.Is(err, channels.ErrPrivateAddress) {
		return &channels.SendError{
			Class: channels.AuthBroken,
			Text:  "callback_url leads into your own network.",
			Hint:  `If that is meant, say so on the account's page, or write allow_private: "true" and run parley apply.`,
			Cause: err,
		}
	}

	lost, isLost := errors.AsType[*wire.LostError](err)
	isNothingSent := isLost && !lost.MayHaveLeft
	op, isNetError := errors.AsType[*net.OpError](err)
	isNotConnected := isNetError && op.Op == "dial"
	if isNothingSent || isNotConnected {
		return &channels.SendError{Class: channels.Retry, Text: "The callback can't be reached.", Hint: unreachedHint, Cause: err}
	}
	return &channels.SendError{Class: channels.Ambiguous, Text: "The callback's answer was lost.", Cause: err}
}

// The first digits of HTTP statuses.
const (
	classSuccess  = 2
	classRedirect = 3
	classRefused  = 4
)

// classOf returns the first digit of a status.
func classOf(status int) int { return status / 100 }

// readReceipt decides what the status of a response means for a message. docs/http-channel.md states the same
// rules for developers of receivers. For example, a 409 means that the receiver has the message already, and
// a 500 that it may have it.
func (c *Channel) readReceipt(resp *http.Response, answer callbackAnswer, token string) (channels.Receipt, error) {
	fail := func(class channels.Class, text, hint string) (channels.Receipt, error) {
		if answer.Error != "" {
			text += ` It says: "` + answer.Error + `"`
		}
		return channels.Receipt{}, &channels.SendError{
			Class: class,
			Text:  text,
			Hint:  hint,
			Cause: fmt.Errorf("http: status %d", resp.StatusCode),
		}
	}

	status := resp.StatusCode
	hasAlready := status == http.StatusConflict // the receiver got the message by an earlier attempt
	if hasAlready || classOf(status) == classSuccess {
		return channels.Receipt{ExternalID: cmp.Or(answer.ID, token), State: channels.StateAccepted}, nil
	}

	asksToWait := status == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != ""
	if asksToWait || status == http.StatusTooManyRequests {
		return channels.Receipt{}, &channels.SendError{Class: channels.Throttled, Text: "The callback asks to wait.",
			Wait: waitAsked(resp.Header, c.env.Now()), Cause: fmt.Errorf("http: status %d", status)}
	}

	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fail(channels.AuthBroken, "The callback refuses Parley's signature.", "Give both sides the same secret.")
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return fail(channels.AuthBroken, fmt.Sprintf("The callback isn't at callback_url (status %d).", status), "Correct callback_url.")
	case http.StatusGone:
		return fail(channels.BadRecipient, "The callback knows no such customer any more.", "")
	case http.StatusRequestTimeout:
		return fail(channels.Retry, "The callback got only a part of the message.", unreachedHint)
	}

	switch classOf(status) {
	case classRedirect:
		return fail(channels.AuthBroken, "The callback redirects, which Parley doesn't follow.", "Set callback_url to where it leads.")
	case classRefused:
		return fail(channels.BadContent, fmt.Sprintf("The callback refuses the message (status %d).", status),
			"Change it and send it again.")
	}

	return fail(channels.Ambiguous, fmt.Sprintf("The callback stumbled (status %d).", status), "")
}

// waitAsked returns how long a response asks to wait, which is at least one second.
func waitAsked(h http.Header, now time.Time) time.Duration {
	d, ok := wire.RetryAfter(h, now, longestWait)
	if !ok {
		d = throttledWait
	}
	return max(d, time.Second)
}

// Reconcile implements channels.Channel. It asks the callback whether it has a message:
//
//   - Landed: it responds with 200 and an id. If it does that also for a message that doesn't exist
//     (checkKey), the result is CannotTell.
//   - Absent: it responds with 404 and repeats the key. A 404 without the key may come from a server that
//     doesn't support the question.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	token := c.tokenOf(o)
	status, answer, err := c.askState(ctx, token)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	if saysItHasMessage(status, answer) {
		statusOfNone, none, err := c.askState(ctx, checkKey)
		if err != nil || saysItHasMessage(statusOfNone, none) {
			return channels.CannotTell, channels.Receipt{}, err
		}
		return channels.Landed, channels.Receipt{ExternalID: answer.ID, State: channels.StateAccepted}, nil
	}
	if status == http.StatusNotFound && answer.Key == token {
		return channels.Absent, channels.Receipt{}, nil
	}
	return channels.CannotTell, channels.Receipt{}, nil
}

// saysItHasMessage reports whether a response states that the receiver has the message.
func saysItHasMessage(status int, answer callbackAnswer) bool {
	return status == http.StatusOK && answer.ID != ""
}

// askState asks the callback about a key. It returns the status and the body of the response.
func (c *Channel) askState(ctx context.Context, key string) (status int, answer callbackAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, otherTimeout)
	defer cancel()
	address := *c.target
	query := address.Query()
	query.Set("key", key)
	address.RawQuery = query.Encode()
	resp, err := c.call(ctx, http.MethodGet, address.String(), nil, key)
	if err != nil {
		return 0, callbackAnswer{}, fmt.Errorf("http: reconcile: %w", err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, readAnswer(resp), nil
}
