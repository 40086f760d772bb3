package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Entra is Microsoft's service for identities. It gives Parley's app access tokens in return for the app's secret.
// Each service (the Bot Connector, Graph) needs tokens of its own, valid for about an hour. This file gets them, and
// gets new ones in time.

// DefaultLoginURL is where Entra gives tokens to the organisations of the world.
const DefaultLoginURL = "https://login.microsoftonline.com"

// Times of a token.
const (
	tokenTimeout    = 15 * time.Second // of one request for a token
	renewBefore     = 5 * time.Minute  // how long before its end a token is renewed
	minTokenPause   = 5 * time.Second  // between requests after a failure or a refused token
	defaultLifetime = 30 * time.Minute // if the answer doesn't say how long the token is valid
	maxLifetime     = 24 * time.Hour
)

// ErrToken is wrapped by all errors of Tokens: there is no valid token.
var ErrToken = errors.New("teams: no access token")

// ErrCredentials is wrapped beside ErrToken when Entra refuses our credentials.
var ErrCredentials = errors.New("teams: Entra refuses the app id, its secret or the tenant")

// ErrNoSecret is wrapped beside ErrToken if the app has no secret to get a token with: in trials without Azure.
var ErrNoSecret = errors.New("teams: no secret is set")

// errRefusedAgain is wrapped beside ErrToken when a service refuses a token shortly after it refused another.
var errRefusedAgain = errors.New("a new one was refused a moment ago")

// TokenOptions say which app the tokens are for, and for which service (Scope).
type TokenOptions struct {
	LoginURL string // "" means DefaultLoginURL
	TenantID string
	AppID    string
	Password string // without one there is never a token, and Entra isn't asked
	Scope    string // "https://api.botframework.com/.default"
	Client   *http.Client
	Now      func() time.Time
}

// Tokens holds the current access token for one service. It gets a new one some minutes before that ends. While Entra
// can't be reached, it goes on with the old one as long as that is valid. Safe for concurrent use; only one request
// for a token runs at a time.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, read 2026-11.
type Tokens struct {
	config clientcredentials.Config
	client *http.Client
	now    func() time.Time
	asking chan struct{} // holds one element while somebody asks Entra

	mu         sync.Mutex // guards the fields below it
	value      string     // the token; "" before the first one came
	renewAt    time.Time  // from then on Entra is asked for a new token
	endsAt     time.Time  // until then the token can be used
	failed     error      // of the last request; nil if it succeeded
	pauseUntil time.Time  // after a failure: Entra isn't asked before
	renewedAt  time.Time  // when a refused token was replaced last
}

// NewTokens makes a source of tokens. It asks Entra for none yet.
func NewTokens(o TokenOptions) *Tokens {
	o.LoginURL = cmp.Or(o.LoginURL, DefaultLoginURL)
	return &Tokens{
		config: clientcredentials.Config{
			ClientID: o.AppID, ClientSecret: o.Password, Scopes: []string{o.Scope}, AuthStyle: oauth2.AuthStyleInParams,
			TokenURL: strings.TrimRight(o.LoginURL, "/") + "/" + url.PathEscape(o.TenantID) + "/oauth2/v2.0/token",
		},
		client: o.Client, now: o.Now, asking: make(chan struct{}, 1),
	}
}

// Token returns a valid token. It blocks if it has to ask Entra for one.
// Errors: ErrToken. It also wraps ErrCredentials or ErrNoSecret if another try is of no use.
func (t *Tokens) Token(ctx context.Context) (string, error) { return t.tokenBesides(ctx, "") }

// Renew returns another token than the one that a service has refused.
// Errors: as Token.
func (t *Tokens) Renew(ctx context.Context, refused string) (string, error) {
	return t.tokenBesides(ctx, refused)
}

// tokenBesides returns a valid token that isn't refused; with refused "", any valid token.
func (t *Tokens) tokenBesides(ctx context.Context, refused string) (string, error) {
	if t.config.ClientSecret == "" {
		return "", fmt.Errorf("%w: %w", ErrToken, ErrNoSecret)
	}
	if value := t.freshToken(refused); value != "" {
		return value, nil
	}

	select {
	case t.asking <- struct{}{}:
		defer func() { <-t.asking }()
	case <-ctx.Done():
		return t.keepOldToken(refused, fmt.Errorf("%w: %w", ErrToken, ctx.Err()))
	}

	if value := t.freshToken(refused); value != "" { // another caller has asked Entra while we waited
		return value, nil
	}
	if err := t.checkMayAsk(refused); err != nil {
		return t.keepOldToken(refused, err)
	}
	value, err := t.ask(ctx)
	if err != nil {
		return t.keepOldToken(refused, err)
	}
	return value, nil
}

// checkMayAsk returns why Entra may not be asked now: the last request failed a moment ago, or a service has refused a token and now
// refuses the next one, too. If it refused every token, we would ask Entra with every call. When checkMayAsk lets a
// refused token be replaced, it notes the time.
func (t *Tokens) checkMayAsk(refused string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.failed != nil && now.Before(t.pauseUntil) {
		return t.failed
	}
	if refused == "" || refused != t.value {
		return nil
	}
	if !t.renewedAt.IsZero() && now.Sub(t.renewedAt) < minTokenPause {
		return fmt.Errorf("%w: %w", ErrToken, errRefusedAgain)
	}
	t.renewedAt = now
	return nil
}

// freshToken returns the token. It returns "" if there is none, if it is the refused one, or if it ends soon.
func (t *Tokens) freshToken(refused string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hasOtherThan(refused) && t.now().Before(t.renewAt) {
		return t.value
	}
	return ""
}

// hasOtherThan reports whether there is a token, and it isn't refused. The caller holds mu.
func (t *Tokens) hasOtherThan(refused string) bool { return t.value != "" && t.value != refused }

// keepOldToken returns the old token if it is still valid and wasn't refused; otherwise it returns err.
func (t *Tokens) keepOldToken(refused string, err error) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hasOtherThan(refused) && t.now().Before(t.endsAt) {
		return t.value, nil
	}
	return "", err
}

// ask requests a token from Entra, and remembers the token or the failure.
func (t *Tokens) ask(ctx context.Context) (string, error) {
	limited, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, t.client), tokenTimeout)
	defer cancel()
	began := t.now()
	got, err := t.config.Token(limited)
	t.mu.Lock()
	defer t.mu.Unlock()

	if err != nil {
		err = tokenError(err)
		if ctx.Err() == nil { // if the caller gave up, the next one may ask at once
			t.failed, t.pauseUntil = err, t.now().Add(minTokenPause)
		}
		return "", err
	}

	lasts := lifetimeOf(got)
	t.value, t.failed = got.AccessToken, nil
	t.endsAt = began.Add(lasts)
	t.renewAt = began.Add(lasts - min(renewBefore, lasts/2))
	return t.value, nil
}

// lifetimeOf returns how long a token is valid. Some of Entra's endpoints give the number as text.
func lifetimeOf(t *oauth2.Token) time.Duration {
	var seconds float64
	switch v := t.Extra("expires_in").(type) {
	case float64:
		seconds = v
	case string:
		seconds, _ = strconv.ParseFloat(v, 64) //nolint:errcheck // an unreadable number is 0, see below
	}
	if seconds <= 0 {
		return defaultLifetime
	}
	return time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
}

// Refusal is what Entra answers instead of a token.
type Refusal struct {
	Status int
	Code   string // "invalid_client"
	Text   string // "AADSTS7000215: Invalid client secret provided."
}

// Error implements error.
func (e *Refusal) Error() string { return fmt.Sprintf("status %d: %s: %s", e.Status, e.Code, e.Text) }

// Number returns the number by which Entra's documentation lists the refusal, such as "AADSTS7000215"; "" if it has
// none.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11.
func (e *Refusal) Number() string {
	number, _, _ := strings.Cut(e.Text, ":")
	if !strings.HasPrefix(number, "AADSTS") {
		return ""
	}
	return number
}

// tokenError makes an error of Entra's answer. The error has nothing of our request, in which the secret is.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%w: Entra can't be reached: %w", ErrToken, err)
	}

	status := 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	if refused.ErrorCode == "" {
		return fmt.Errorf("%w: Entra answers status %d", ErrToken, status)
	}

	words, _, _ := strings.Cut(refused.ErrorDescription, "Trace ID:") // what follows is useful for Microsoft only
	refusal := &Refusal{Status: status, Code: refused.ErrorCode, Text: Shorten(words)}
	isBusy := status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
	saysBusy := refused.ErrorCode == "temporarily_unavailable" || refused.ErrorCode == "server_error"
	if isBusy || saysBusy { // the credentials may be right
		return fmt.Errorf("%w: %w", ErrToken, refusal)
	}

	return fmt.Errorf("%w: %w: %w", ErrToken, ErrCredentials, refusal)
}
