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

// Tab describes the tab of Teams, in which people are signed in by the token that Teams gives the page.
type Tab struct {
	Host string // the host of the public address, as in the app's manifest: "help.acme.example"; "" if there is no tab
}

// tabScope is the scope for which the app's registration lets Teams ask.
const tabScope = "access_as_user"

// teamsClients are the clients to which Entra gives tokens for a tab: Teams on desktops and phones, Teams in a browser.
// Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-register-aad, read 2026-11.
func teamsClients() []string {
	return []string{"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"}
}

// maxTokenBytes bounds a token, in bytes. Those of people in very many groups are some thousand bytes long.
const maxTokenBytes = 32 << 10

type tabClaims struct {
	claims

	Version string `json:"ver"`
	Scope   string `json:"scp"`
}

// tabToken returns the person of a token for the tab. Teams gives the same token again while it is valid, about an hour. So the
// token doesn't prove that it was asked for just now, and may come several times. Others can't make use of that: only a page
// of this site may send the form, and whoever has a person's token could ask for more anyway.
// Errors: *refusal if the provider is away; ErrElsewhere; others say why the token counts for nothing.
func (p *provider) tabToken(ctx context.Context, raw, host string) (Identity, error) {
	found, err := p.readDescription(ctx)
	if err != nil {
		return Identity{}, newRefusal(away, err)
	}

	// The audience (the app's id, or its address as a resource) and the times are checked below.
	config := &oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true, SupportedSigningAlgs: []string{oidc.RS256}}
	token, err := found.Verifier(config).Verify(oidc.ClientContext(ctx, p.client), raw)
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

// tabEntrance is the way in by the tab.
type tabEntrance struct{ tab func() Tab }

// shownTab is what tab.html shows.
type shownTab struct {
	To     string // what is opened: inbox or settings
	Path   string // its page
	Action string
	Wait   bool // nobody is signed in until a click
}

// tabGoal returns which page a tab shows: its name in the address, and its path.
func tabGoal(v *web.Visit) (to, path string) {
	if v.Value("to") == "settings" {
		return "settings", "/settings"
	}
	return "inbox", "/inbox"
}

// show answers with the page that asks Teams for a token.
func (t tabEntrance) show(_ *door, v *web.Visit) error {
	if t.tab().Host == "" {
		return v.NotFound()
	}
	to, path := tabGoal(v)
	if v.Person.ID != 0 && v.Value("stay") == "" {
		return v.Go(path)
	}
	return v.Show("tab", web.Screen{Title: "Parley", Data: shownTab{To: to, Path: path, Action: web.TabPath, Wait: v.Value("stay") != ""}})
}

// enter signs somebody in by the token that Teams gave.
func (t tabEntrance) enter(d *door, v *web.Visit) error {
	tab := t.tab()
	if tab.Host == "" {
		return v.NotFound()
	}

	_, path := tabGoal(v)
	raw := v.Request.PostFormValue("token")
	if raw == "" || len(raw) > maxTokenBytes {
		return v.Refuse(http.StatusBadRequest, "Teams gave no token.", "Open the tab again, or open Parley in the browser.")
	}

	who, err := d.provider.tabToken(v.Context(), raw, tab.Host)
	if no, ok := errors.AsType[*refusal](err); ok {
		return d.refuse(v, no)
	}
	if errors.Is(err, ErrElsewhere) {
		return d.refuse(v, newRefusal(elsewhere, err))
	}
	if err != nil {
		return d.refuse(v, newRefusal(untrusted, err))
	}

	agent, err := d.desk.Agent(v.Context(), who)
	if errors.Is(err, ErrStranger) {
		return d.refuse(v, newRefusal(stranger, err))
	}
	if errors.Is(err, ErrElsewhere) {
		return d.refuse(v, newRefusal(elsewhere, err))
	}
	if err != nil {
		return err
	}

	return v.SignInTo(agent, path)
}
