package mailbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"parley/channels/email/message"
)

// Errors of Provider.Exchange: the provider answered, but its answer can't be used.
var (
	ErrNoMailScope    = errors.New("oauth: what was granted does not include reading and sending mail")
	ErrNoRefreshToken = errors.New("oauth: the provider gave no refresh token")
	ErrOtherAttempt   = errors.New("oauth: the answer belongs to another attempt")
	ErrUnreadable     = errors.New("oauth: the answer can't be read")
)

// Refusal is a provider's error response to a request for tokens.
type Refusal struct {
	Status int
	Code   string        // the OAuth error code, such as "invalid_grant"; "" if there is none
	Text   string        // the provider's description, without request IDs
	Wait   time.Duration // how long the provider asks to wait; 0 if it doesn't
}

func (e *Refusal) Error() string {
	return strings.TrimRight(fmt.Sprintf("oauth: status %d: %s: %s", e.Status, e.Code, e.Text), ": ")
}

// IsConsentOver reports whether a person must sign in again, because the consent was revoked or has expired.
// Source: RFC 6749 section 5.2; OpenID Connect Core 3.1.2.6; Microsoft's identity platform, "Handle errors".
func (e *Refusal) IsConsentOver() bool {
	return slices.Contains([]string{"invalid_grant", "interaction_required", "consent_required", "login_required"}, e.Code)
}

// IsTemporary reports whether the same request may succeed later.
func (e *Refusal) IsTemporary() bool {
	if e.Status >= http.StatusInternalServerError {
		return true
	}
	if e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return true
	}
	return slices.Contains([]string{"temporarily_unavailable", "server_error", "slow_down"}, e.Code)
}

// callError converts an error of package oauth2: to a *Refusal if the provider responded. The result doesn't quote the
// request, which contains secrets.
func (p *Provider) callError(err error) error {
	response, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return fmt.Errorf("oauth: %s can't be reached: %w", p.Title, err)
	}

	text, _, _ := strings.Cut(response.ErrorDescription, "Trace ID:") // Microsoft appends IDs for its own support
	refusal := &Refusal{Code: response.ErrorCode, Text: message.Excerpt(text)}
	if response.Response != nil {
		refusal.Status = response.Response.StatusCode
		refusal.Wait = retryAfter(response.Response.Header)
	}
	return refusal
}

// retryAfter returns the Retry-After header in seconds, at most an hour. A date counts as no header: the provider's clock
// may differ from ours.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}
