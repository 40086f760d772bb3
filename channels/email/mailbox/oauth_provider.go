package mailbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// This file gets access to a mailbox at Google or Microsoft with OAuth 2.0 (authorization code flow with PKCE):
//
//  1. Begin returns the URL of the provider's consent page, on which the mailbox's owner grants access.
//  2. The provider redirects the browser back to Parley with a code, which Exchange exchanges for tokens.
//  3. The access token opens the mailbox for about an hour. Then Refresh gets the next one with the refresh token.

// The names of the providers, as used in settings.
const (
	Google    = "google"
	Microsoft = "microsoft"
)

// App is Parley's registration at a provider, created by an administrator.
type App struct {
	ID, Secret string
	// AuthURL and TokenURL override the provider's URLs; "" means the default.
	AuthURL, TokenURL string
}

// Provider is the OAuth client of one provider. It is safe for concurrent use.
type Provider struct {
	Name  string // Google or Microsoft
	Title string // the name that people see, such as "Google"

	config       oauth2.Config
	neededScopes []string                // the scopes for reading and sending mail
	authOptions  []oauth2.AuthCodeOption // more parameters of the consent page
	client       *http.Client
}

// callTimeout limits one call to a provider. It is short because the caller still has to store the response.
const callTimeout = 10 * time.Second

// NewOauth returns a Provider. Any name but Google means Microsoft. client must not follow redirects, because requests contain
// secrets.
func NewOauth(name string, app App, client *http.Client) *Provider {
	p := &Provider{Name: name, client: client}
	switch name {
	case Google:
		p.Title = "Google"
		p.neededScopes = []string{"https://mail.google.com/"}
		p.config.Endpoint = oauth2.Endpoint{
			AuthURL:  "https://accounts.google.com/o/oauth2/v2/auth",
			TokenURL: "https://oauth2.googleapis.com/token",
		}
		p.config.Scopes = append([]string{"openid", "email"}, p.neededScopes...)
		// Without prompt=consent, Google issues a refresh token only for the first consent.
		p.authOptions = []oauth2.AuthCodeOption{oauth2.AccessTypeOffline, oauth2.SetAuthURLParam("prompt", "consent")}
	default:
		p.Title = "Microsoft"
		p.neededScopes = []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"}
		p.config.Endpoint = oauth2.Endpoint{
			AuthURL:  "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
			TokenURL: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
		}
		p.config.Scopes = append([]string{"openid", "email", "profile", "offline_access"}, p.neededScopes...)
		p.authOptions = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "select_account")}
	}

	p.config.ClientID, p.config.ClientSecret = app.ID, app.Secret
	p.config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	p.config.Endpoint.AuthURL = cmp.Or(app.AuthURL, p.config.Endpoint.AuthURL)
	p.config.Endpoint.TokenURL = cmp.Or(app.TokenURL, p.config.Endpoint.TokenURL)
	return p
}

// Flow is one attempt of a person to consent. The caller stores it until the browser comes back. The browser must not
// learn Verifier, which proves that whoever exchanges the code also started the attempt (PKCE).
type Flow struct {
	State    string `json:"state"` // identifies the attempt in the redirect; must be used only once
	Verifier string `json:"verifier"`
	Nonce    string `json:"nonce"`    // must be repeated in the ID token
	Redirect string `json:"redirect"` // the URL to which the provider redirects the browser
}

// Begin returns a new attempt and the URL of its consent page. The page suggests address, the mailbox, as the account.
func (p *Provider) Begin(redirect, address string) (flow Flow, consentURL string) {
	f := Flow{State: rand.Text(), Verifier: oauth2.GenerateVerifier(), Nonce: rand.Text(), Redirect: redirect}
	options := append(slices.Clone(p.authOptions), oauth2.S256ChallengeOption(f.Verifier),
		oauth2.SetAuthURLParam("nonce", f.Nonce), oauth2.SetAuthURLParam("login_hint", address))
	return f, p.configFor(redirect).AuthCodeURL(f.State, options...)
}

func (p *Provider) configFor(redirect string) *oauth2.Config {
	config := p.config
	config.RedirectURL = redirect
	return &config
}

// Tokens is a provider's response to Exchange or Refresh.
type Tokens struct {
	Access   string
	Refresh  string        // for the next Provider.Refresh
	Lifetime time.Duration // how long Access is valid, counted from the response
}

// String hides the tokens, also in logs.
func (Tokens) String() string { return "tokens" }

// GoString hides the tokens from %#v.
func (Tokens) GoString() string { return "tokens" }

// Identity is the person who consented: all her email addresses that the provider names, main one first. It may be
// empty.
type Identity []string

// MayOwn reports whether one of the addresses may belong to the person. It returns true for an empty Identity; the mail
// server decides then.
func (i Identity) MayOwn(addresses []string) bool {
	if len(i) == 0 {
		return true
	}
	for _, address := range addresses {
		isSame := func(own string) bool { return strings.EqualFold(own, address) }
		if slices.ContainsFunc(i, isSame) {
			return true
		}
	}
	return false
}

// Name returns the person's main address, or "" if the provider doesn't name one.
func (i Identity) Name() string {
	if len(i) == 0 {
		return ""
	}
	return i[0]
}

// Exchange exchanges the code of a redirect for tokens.
// Errors: *Refusal; ErrNoMailScope; ErrNoRefreshToken; ErrOtherAttempt; ErrUnreadable; those of the connection.
func (p *Provider) Exchange(ctx context.Context, f Flow, code string) (Tokens, Identity, error) {
	ctx, cancel := p.callContext(ctx)
	defer cancel()
	got, err := p.configFor(f.Redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Tokens{}, nil, p.callError(err)
	}
	if !p.hasNeededScopes(got) {
		return Tokens{}, nil, ErrNoMailScope
	}
	if got.RefreshToken == "" {
		return Tokens{}, nil, ErrNoRefreshToken
	}

	idToken, _ := got.Extra("id_token").(string)
	identity, err := p.readIdentity(idToken, f.Nonce)
	if err != nil {
		return Tokens{}, nil, err
	}
	return tokensOf(got), identity, nil
}

func tokensOf(got *oauth2.Token) Tokens {
	return Tokens{Access: got.AccessToken, Refresh: got.RefreshToken, Lifetime: lifetimeOf(got)}
}

// hasNeededScopes reports whether all needed scopes were granted. On the consent page, a person can uncheck some.
func (p *Provider) hasNeededScopes(got *oauth2.Token) bool {
	scope, _ := got.Extra("scope").(string)
	if scope == "" {
		return true // RFC 6749 section 5.1: no scope in the response means that all were granted
	}
	granted := strings.Fields(strings.ToLower(scope))
	for _, needed := range p.neededScopes {
		if !slices.Contains(granted, strings.ToLower(needed)) {
			return false
		}
	}
	return true
}

// Refresh gets a new access token. A provider may also replace the refresh token, and invalidate the old one as soon as
// the new one is used. Therefore the caller must store the result before using it.
// Errors: *Refusal; those of the connection, after which the same refresh token may be used again.
func (p *Provider) Refresh(ctx context.Context, refresh string) (Tokens, error) {
	ctx, cancel := p.callContext(ctx)
	defer cancel()
	got, err := p.config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		return Tokens{}, p.callError(err)
	}
	return tokensOf(got), nil
}

func (p *Provider) callContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, p.client), callTimeout)
}

// The lifetimes of access tokens.
const (
	defaultLifetime = time.Hour      // if the provider doesn't say
	maxLifetime     = 24 * time.Hour // a longer one is taken for a mistake
)

// lifetimeOf returns how long an access token is valid. It uses the duration in the response (expires_in), never a point
// in time, since the provider's clock may differ from ours.
func lifetimeOf(got *oauth2.Token) time.Duration {
	if got.ExpiresIn <= 0 {
		return defaultLifetime
	}
	return min(time.Duration(got.ExpiresIn)*time.Second, maxLifetime)
}
