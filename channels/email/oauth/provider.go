package oauth

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

// This file signs a mailbox in at Google or Microsoft by OAuth 2.0 (authorization code with PKCE). Begin leads a
// person to the provider's page. The provider sends her back with a code, which Exchange turns into tokens. An access
// token opens the mailbox for about an hour; Refresh gets the next one.

// Names of the providers, as settings have them.
const (
	Google    = "google"
	Microsoft = "microsoft"
)

// App is Parley's registration at a provider, which an administrator made there.
type App struct {
	ID, Secret string
	// AuthURL and TokenURL replace the provider's own addresses, unless they are "".
	AuthURL, TokenURL string
}

// Provider is one provider with Parley's registration there. It is safe for concurrent use.
type Provider struct {
	Name  string // Google or Microsoft
	Title string // for people

	config       oauth2.Config
	neededScopes []string // scopes without which mail can't be read and sent
	askOptions   []oauth2.AuthCodeOption
	client       *http.Client
}

// callTimeout bounds one call of a provider. It is short, because the caller still has to store the answer.
const callTimeout = 10 * time.Second

// New returns a provider. client makes the calls. It must follow no redirects, because calls carry secrets.
func New(name string, app App, client *http.Client) *Provider {
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
		// Without prompt=consent Google hands out a refresh token only the first time.
		p.askOptions = []oauth2.AuthCodeOption{oauth2.AccessTypeOffline, oauth2.SetAuthURLParam("prompt", "consent")}
	default:
		p.Title = "Microsoft"
		p.neededScopes = []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"}
		p.config.Endpoint = oauth2.Endpoint{AuthURL: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
			TokenURL: "https://login.microsoftonline.com/common/oauth2/v2.0/token"}
		p.config.Scopes = append([]string{"openid", "email", "profile", "offline_access"}, p.neededScopes...)
		p.askOptions = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "select_account")}
	}

	p.config.ClientID, p.config.ClientSecret = app.ID, app.Secret
	p.config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	p.config.Endpoint.AuthURL = cmp.Or(app.AuthURL, p.config.Endpoint.AuthURL)
	p.config.Endpoint.TokenURL = cmp.Or(app.TokenURL, p.config.Endpoint.TokenURL)
	return p
}

// Flow is one attempt of a person to consent. The caller keeps it until she comes back. Her browser must not learn
// Verifier, which proves that whoever exchanges the code also began the attempt (PKCE).
type Flow struct {
	State    string `json:"state"` // the provider sends it back with her; good for one use
	Verifier string `json:"verifier"`
	Nonce    string `json:"nonce"`
	Redirect string `json:"redirect"` // where the provider sends her browser
}

// Begin returns a new attempt and the URL at which a person consents. address is the mailbox, which the provider
// suggests to her.
func (p *Provider) Begin(redirect, address string) (flow Flow, consentURL string) {
	f := Flow{State: rand.Text(), Verifier: oauth2.GenerateVerifier(), Nonce: rand.Text(), Redirect: redirect}
	options := append(slices.Clone(p.askOptions), oauth2.S256ChallengeOption(f.Verifier),
		oauth2.SetAuthURLParam("nonce", f.Nonce), oauth2.SetAuthURLParam("login_hint", address))
	return f, p.configFor(redirect).AuthCodeURL(f.State, options...)
}

func (p *Provider) configFor(redirect string) *oauth2.Config {
	config := p.config
	config.RedirectURL = redirect
	return &config
}

// Tokens are what a provider hands out.
type Tokens struct {
	Access  string
	Refresh string        // for Provider.Refresh; always the newest one
	Lasts   time.Duration // how long Access is valid, from the answer on
}

// String hides the tokens, from logs too.
func (Tokens) String() string { return "tokens" }

// GoString is String.
func (Tokens) GoString() string { return "tokens" }

// Identity is who consented: all addresses of the person that the provider names. It may be empty.
type Identity []string

// MayOwn reports whether the person may have one of these addresses. If the provider names no address, it is true,
// and the mail server decides.
func (i Identity) MayOwn(addresses []string) bool {
	return len(i) == 0 || slices.ContainsFunc(i, func(name string) bool {
		return slices.ContainsFunc(addresses, func(address string) bool { return strings.EqualFold(name, address) })
	})
}

// Name returns the address under which people know the person, or "" if the provider doesn't say.
func (i Identity) Name() string {
	if len(i) == 0 {
		return ""
	}
	return i[0]
}

// Exchange exchanges the code that came back for tokens.
// Errors: *Refusal; ErrNoMail; ErrNotLasting; ErrOtherAttempt; ErrUnreadable; the connection's.
func (p *Provider) Exchange(ctx context.Context, f Flow, code string) (Tokens, Identity, error) {
	ctx, cancel := p.callContext(ctx)
	defer cancel()
	got, err := p.configFor(f.Redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Tokens{}, nil, p.callError(err)
	}
	if !p.isEnough(got) {
		return Tokens{}, nil, ErrNoMail
	}
	if got.RefreshToken == "" {
		return Tokens{}, nil, ErrNotLasting
	}

	text, _ := got.Extra("id_token").(string)
	who, err := p.readIdentity(text, f.Nonce)
	if err != nil {
		return Tokens{}, nil, err
	}

	return Tokens{Access: got.AccessToken, Refresh: got.RefreshToken, Lasts: lifetimeOf(got)}, who, nil
}

// isEnough reports whether all needed scopes were granted. A person can leave out some of what she is asked for.
func (p *Provider) isEnough(got *oauth2.Token) bool {
	granted, _ := got.Extra("scope").(string)
	if granted == "" {
		return true // RFC 6749: no scope in the answer means that all were granted
	}
	has := strings.Fields(strings.ToLower(granted))
	return !slices.ContainsFunc(p.neededScopes, func(scope string) bool { return !slices.Contains(has, strings.ToLower(scope)) })
}

// Refresh asks for a new access token. A provider may replace the refresh token, too. The old one may then become
// invalid when the new one is first used. So the caller must store the answer before it uses the new one.
// Errors: *Refusal; the connection's, after which the same refresh token may be used again.
func (p *Provider) Refresh(ctx context.Context, refresh string) (Tokens, error) {
	ctx, cancel := p.callContext(ctx)
	defer cancel()
	got, err := p.config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		return Tokens{}, p.callError(err)
	}
	return Tokens{Access: got.AccessToken, Refresh: got.RefreshToken, Lasts: lifetimeOf(got)}, nil
}

func (p *Provider) callContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, p.client), callTimeout)
}

// Lifetimes of access tokens.
const (
	defaultLifetime = time.Hour      // if the provider doesn't say
	maxLifetime     = 24 * time.Hour // more is taken for a mistake
)

// lifetimeOf returns how long an access token is good. It uses the duration that the provider names, never a time
// by the provider's clock, which may differ from ours.
func lifetimeOf(got *oauth2.Token) time.Duration {
	if got.ExpiresIn <= 0 {
		return defaultLifetime
	}
	return min(time.Duration(got.ExpiresIn)*time.Second, maxLifetime)
}
