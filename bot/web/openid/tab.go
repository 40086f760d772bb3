package openid

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"parley/bot/web"
)

//go:embed *.html
var templates embed.FS

// Sign-in inside Microsoft Teams, where Parley is a tab. It needs no redirect to a provider: the page gets a token from
// Teams by JavaScript and posts it to enter. Microsoft Entra has issued and signed the token, so enter checks it like an
// ID token.

// Tab describes the tab in Teams.
type Tab struct {
	Host string // the host of Parley's public URL, as in the app's manifest: "help.acme.example"; "" means no tab
}

// tabScope is the scope of the app's registration that Teams requests.
const tabScope = "access_as_user"

// teamsClients returns the ids of the clients that may request tokens for a tab: Teams on desktops and phones, and Teams
// in a browser.
// Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-register-aad, read 2026-11.
func teamsClients() []string {
	return []string{"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"}
}

// maxTokenBytes is the maximum size of a token. Tokens of people in very many groups have several thousand bytes.
const maxTokenBytes = 32 << 10

// tabClaims are the claims of a token for a tab.
type tabClaims struct {
	claims

	Version string `json:"ver"`
	Scope   string `json:"scp"`
}

// tabToken checks a token for the tab and returns its person. host is Tab.Host.
//
// Such a token has no nonce, and Teams returns the same token while it is valid, about an hour. So it may be used several
// times. That is acceptable: only a page of this site can submit the form, and somebody who has a person's token could
// request others with it.
//
// It returns a *refusal if the provider is unavailable, ErrOtherOrganisation, or the reason why the token is invalid.
func (p *provider) tabToken(ctx context.Context, raw, host string) (Identity, error) {
	discovered, err := p.readDescription(ctx)
	if err != nil {
		return Identity{}, newRefusal(unavailable, err)
	}

	// The audience (the app's id, or its URI as a resource) and the times are checked below.
	config := &oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true, SupportedSigningAlgs: []string{oidc.RS256}}
	token, err := discovered.Verifier(config).Verify(oidc.ClientContext(ctx, p.client), raw)
	if err != nil {
		return Identity{}, fmt.Errorf("openid: tab: %w", err)
	}

	var stated tabClaims
	if err := token.Claims(&stated); err != nil {
		return Identity{}, fmt.Errorf("openid: tab: claims: %w", err)
	}

	audiences := []string{p.ClientID, "api://" + host + "/botid-" + p.ClientID}
	now := p.now()
	switch {
	case len(token.Audience) != 1 || !slices.Contains(audiences, token.Audience[0]):
		return Identity{}, errors.New("openid: tab: the token is for another app (aud)")
	case stated.Version != "2.0":
		return Identity{}, errors.New("openid: tab: the token is of version 1: " +
			"set requestedAccessTokenVersion to 2 in the registration's manifest")
	case !slices.Contains(strings.Fields(stated.Scope), tabScope):
		return Identity{}, errors.New("openid: tab: the token is for something else (scp)")
	case !slices.Contains(teamsClients(), stated.AuthorizedParty):
		return Identity{}, errors.New("openid: tab: the token was given to another client than Teams (azp)")
	case token.Expiry.Before(now.Add(-skew)):
		return Identity{}, errors.New("openid: tab: the token has expired")
	case token.IssuedAt.After(now.Add(skew)), stated.NotBefore > now.Add(skew).Unix():
		return Identity{}, errors.New("openid: tab: the token is not valid yet; compare the clocks")
	case stated.ObjectID == "":
		return Identity{}, errors.New("openid: tab: the token names nobody (oid)")
	}

	return p.identityOf(stated.claims)
}

// tabPages has the handlers of the tab.
type tabPages struct{ tab func() Tab }

// shownTab is the template data of tab.html.
type shownTab struct {
	To     string // what the tab opens: inbox or settings
	Path   string // its path
	Action string
	Wait   bool // wait for a click before the sign-in
}

// tabGoal returns the page that a tab opens: its name in the URL, and its path.
func tabGoal(v *web.Visit) (to, path string) {
	if v.Value("to") == "settings" {
		return "settings", "/settings"
	}
	return "inbox", "/inbox"
}

// show shows the page that requests a token from Teams. Somebody who is signed in already is redirected, unless the
// parameter "stay" is set.
func (t tabPages) show(_ *flow, v *web.Visit) error {
	if t.tab().Host == "" {
		return v.NotFound()
	}
	to, path := tabGoal(v)
	if v.Person.ID != 0 && v.Value("stay") == "" {
		return v.Go(path)
	}
	data := shownTab{To: to, Path: path, Action: web.TabPath, Wait: v.Value("stay") != ""}
	return v.Show("tab", web.Screen{Title: "Parley", Data: data})
}

// enter signs somebody in with a token from Teams.
func (t tabPages) enter(f *flow, v *web.Visit) error {
	tab := t.tab()
	if tab.Host == "" {
		return v.NotFound()
	}

	_, path := tabGoal(v)
	raw := v.Request.PostFormValue("token")
	if raw == "" || len(raw) > maxTokenBytes {
		return v.Refuse(http.StatusBadRequest, "Teams gave no token.", "Open the tab again, or open Parley in the browser.")
	}

	who, err := f.provider.tabToken(v.Context(), raw, tab.Host)
	if refused, ok := errors.AsType[*refusal](err); ok {
		return f.refuse(v, refused)
	}
	if errors.Is(err, ErrOtherOrganisation) {
		return f.refuse(v, newRefusal(otherOrganisation, err))
	}
	if err != nil {
		return f.refuse(v, newRefusal(untrusted, err))
	}

	agent, err := f.desk.Agent(v.Context(), who)
	if errors.Is(err, ErrNoAgent) {
		return f.refuse(v, newRefusal(notAgent, err))
	}
	if errors.Is(err, ErrOtherOrganisation) {
		return f.refuse(v, newRefusal(otherOrganisation, err))
	}
	if err != nil {
		return err
	}

	return v.SignInTo(agent, path)
}
