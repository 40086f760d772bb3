package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"parley/channels/email/rawmail"
)

// Why a consent is of no use.
var (
	ErrNoMail       = errors.New("oauth: what was granted does not include reading and sending mail")
	ErrNotLasting   = errors.New("oauth: the provider gave no refresh token")
	ErrOtherAttempt = errors.New("oauth: the answer belongs to another attempt")
	ErrUnreadable   = errors.New("oauth: the answer can't be read")
)

// Refusal is what a provider answers instead of tokens.
type Refusal struct {
	Status int
	Code   string        // "invalid_grant"; "" if there is none
	Text   string        // the provider's words, without ids that only the provider understands
	Wait   time.Duration // how long the provider asks to wait; 0 if it doesn't say
}

// Error implements error.
func (e *Refusal) Error() string {
	return strings.TrimRight(fmt.Sprintf("oauth: status %d: %s: %s", e.Status, e.Code, e.Text), ": ")
}

// IsConsentOver reports whether the consent is over: it was taken back, has expired, or the person must sign in again.
// Source: RFC 6749 section 5.2; OpenID Connect Core 3.1.2.6; Microsoft's identity platform, "Handle errors".
func (e *Refusal) IsConsentOver() bool {
	return slices.Contains([]string{"invalid_grant", "interaction_required", "consent_required", "login_required"}, e.Code)
}

// IsPassing reports whether the same call may work later.
func (e *Refusal) IsPassing() bool {
	if e.Status >= http.StatusInternalServerError {
		return true
	}
	if e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return true
	}
	return slices.Contains([]string{"temporarily_unavailable", "server_error", "slow_down"}, e.Code)
}

// callError returns the error of a call without what was sent to the provider, because that has secrets: a
// *Refusal if the provider answered.
func (p *Provider) callError(err error) error {
	var said *oauth2.RetrieveError
	if !errors.As(err, &said) {
		return fmt.Errorf("oauth: %s can't be reached: %w", p.Title, err)
	}

	words, _, _ := strings.Cut(said.ErrorDescription, "Trace ID:") // what follows is of use to Microsoft only
	out := &Refusal{Code: said.ErrorCode, Text: rawmail.Excerpt(words)}
	if said.Response != nil {
		out.Status = said.Response.StatusCode
		seconds, err := strconv.Atoi(said.Response.Header.Get("Retry-After"))
		if err == nil && seconds > 0 { // no number: the provider doesn't say, or names a date
			out.Wait = min(time.Duration(seconds)*time.Second, time.Hour)
		}
	}

	return out
}
