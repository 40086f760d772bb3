package site_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/cmd/parley/site/sitetest"
)

// These tests sign agents in by Slack, Microsoft or another provider, which are emulated. startDoor
// (doorsite_test.go) makes a site with one provider.

// slackClaims is what Slack says of a user. It has proved the address.
func slackClaims(team, user, email string) claims {
	return claims{"https://slack.com/team_id": team, "https://slack.com/user_id": user, "email": email, "email_verified": true}
}

// provenClaims is what Microsoft says of a user whose address it has proved.
func provenClaims(tenant, object, email string) claims {
	return claims{"tid": tenant, "oid": object, "email": email, "xms_edov": true}
}

// unprovenClaims is what Microsoft says of a user whose address it hasn't proved.
func unprovenClaims(tenant, object, email string) claims {
	return claims{"tid": tenant, "oid": object, "email": email, "xms_edov": false}
}

// An agent signs in by a provider that vouches for her, and comes to the page that she asked for.
// Requirement R-221: Pages for admins.
func TestSignInByProvider(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		kind     openid.Kind
		claims   claims
		wantName string // of the agent who is signed in
	}{
		{
			name:     "by her address",
			kind:     openid.Any,
			claims:   claims{"email": "Ann@Acme.test", "email_verified": true},
			wantName: "Ann Lee",
		},
		{
			name:     "by her user in Slack, whatever her address there",
			kind:     openid.Slack,
			claims:   slackClaims(ourOrganisation, "U0ANN", "private@home.test"),
			wantName: "Ann Lee",
		},
		{
			name:     "by her address in Slack, if her user isn't known yet",
			kind:     openid.Slack,
			claims:   slackClaims(ourOrganisation, "U0CAT", "cat@acme.test"),
			wantName: "Cat Moss",
		},
		{
			name:     "by her object id at Microsoft, whatever her address there",
			kind:     openid.Microsoft,
			claims:   unprovenClaims(ourOrganisation, annInTeams, "private@home.test"),
			wantName: "Ann Lee",
		},
		{
			name:     "by her address at Microsoft, if her object id isn't known yet",
			kind:     openid.Microsoft,
			claims:   provenClaims(ourOrganisation, "cccc-3", "cat@acme.test"),
			wantName: "Cat Moss",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := startDoor(t, tt.kind, map[string]claims{"agent": tt.claims})
			d.addPeople()
			v := d.Visitor("")
			v.Get("/settings?asked=for") // she is asked to sign in first
			answer, _ := d.signIn(v, "agent")
			wantRedirect(t, "coming back from the provider", answer, "/settings?asked=for")
			wantShown(t, "her first page", firstPage(v), tt.wantName)
		})
	}
}

// Parley refuses people for whom the provider doesn't vouch, who aren't agents, or who are of another organisation.
// Requirement R-221: Pages for admins.
func TestSignInByProviderRefuses(t *testing.T) {
	t.Parallel()
	const notAnAgent, anotherOrganisation, notChecked = "not an agent", "another organisation", "no address of yours that it has checked"
	for _, tt := range []struct {
		name    string
		kind    openid.Kind
		claims  claims
		wantWhy string
	}{
		{name: "unverified", kind: openid.Any, claims: claims{"email": "ann@acme.test", "email_verified": false}, wantWhy: notChecked},
		{name: "without an address", kind: openid.Any, claims: claims{}, wantWhy: notChecked},
		{name: "stranger", kind: openid.Any, claims: claims{"email": "eve@acme.test", "email_verified": true}, wantWhy: notAnAgent},
		{name: "former agent", kind: openid.Any, claims: claims{"email": "former@acme.test", "email_verified": true}, wantWhy: notAnAgent},
		{
			name:    "of another domain, whose İ is no capital of i",
			kind:    openid.Any,
			claims:  claims{"email": "kim@fİrm.test", "email_verified": true},
			wantWhy: notAnAgent,
		},
		{
			name:    "another user in Slack with Ann's address",
			kind:    openid.Slack,
			claims:  slackClaims(ourOrganisation, "U0EVE", "ann@acme.test"),
			wantWhy: notAnAgent,
		},
		{
			name:    "another workspace",
			kind:    openid.Slack,
			claims:  slackClaims("T0EVIL", "U0ANN", "ann@acme.test"),
			wantWhy: anotherOrganisation,
		},
		{name: "no workspace", kind: openid.Slack, claims: slackClaims("", "U0ANN", "ann@acme.test"), wantWhy: anotherOrganisation},
		{
			name:    "unproven at Microsoft",
			kind:    openid.Microsoft,
			claims:  unprovenClaims(ourOrganisation, "eeee-5", "cat@acme.test"),
			wantWhy: notAnAgent,
		},
		{
			name:    "another user at Microsoft with Ann's address",
			kind:    openid.Microsoft,
			claims:  provenClaims(ourOrganisation, "eeee-6", "ann@acme.test"),
			wantWhy: notAnAgent,
		},
		{
			name:    "another tenant",
			kind:    openid.Microsoft,
			claims:  provenClaims("other", annInTeams, "ann@acme.test"),
			wantWhy: anotherOrganisation,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := startDoor(t, tt.kind, map[string]claims{"somebody": tt.claims})
			d.addPeople()
			v := d.Visitor("")
			answer, _ := d.signIn(v, "somebody")
			wantStatus(t, "coming back from the provider", answer, http.StatusForbidden)
			wantShown(t, "the refusal", answer, tt.wantWhy, "sk one of") // Ask, or ask: the refusal says whom
			if signedIn(v) {
				t.Error("somebody is signed in")
			}
		})
	}
}

// cantBeFinished is what the page says when somebody comes back with an address that doesn't work or was used
// already.
const cantBeFinished = "can&#39;t be finished"

// chooseAnn presses the provider's button and chooses Ann's account there. It returns the address to which the
// provider sends her back.
func (d *door) chooseAnn(v *sitetest.Visitor) (back string) {
	d.T.Helper()
	begun := v.Get(openid.Begin(d.kind))
	where := must(d.fake.Choose(d.T.Context(), begun.Header.Get("Location"), "ann"))(d.T)
	return strings.TrimPrefix(where.String(), d.URL)
}

// The address to which the provider sends Ann back works in the browser that asked, and in no other.
// Requirement R-221: Pages for admins.
func TestSignInInAnotherBrowser(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	ann, thief := d.Visitor(""), d.Visitor("")
	back := d.chooseAnn(ann)
	wantStatus(t, "in another browser", thief.Get(back), http.StatusBadRequest)
	if signedIn(thief) {
		t.Error("another browser is signed in")
	}
	wantStatus(t, "in the browser that asked", ann.Get(back), http.StatusSeeOther)
}

// The address to which the provider sends Ann back works once, and the provider gives one token for it.
// Requirement R-221: Pages for admins.
func TestSignInAgain(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	ann := d.Visitor("")
	back := d.chooseAnn(ann)
	wantStatus(t, "the first time", ann.Get(back), http.StatusSeeOther)
	for _, tt := range []struct {
		name    string
		visitor *sitetest.Visitor
	}{
		{name: "in the same browser", visitor: ann},
		{name: "in another browser", visitor: d.Visitor("")},
	} {
		again := tt.visitor.Get(back)
		wantStatus(t, "a second time "+tt.name, again, http.StatusBadRequest)
		wantShown(t, "a second time "+tt.name, again, cantBeFinished)
	}
	if n := d.fake.Tokens(); n != 1 {
		t.Errorf("the provider gave %d tokens, want 1", n)
	}

	ann.Post("/auth/sign-out", nil)
	if signedIn(ann) {
		t.Error("Ann is signed in after signing out")
	}
}

// Signing in gives the browser a new session. A session that somebody planted there before isn't signed in.
// Requirement R-221: Pages for admins.
func TestSignInByProviderMakesNewSession(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	v := d.Visitor("")
	before := sessionToken(v.Get("/settings").Header.Get("Set-Cookie"))
	after := sessionToken(v.Get(d.chooseAnn(v)).Header.Get("Set-Cookie"))
	if before == "" || after == "" || before == after {
		t.Errorf("the session's token is %q before signing in and %q after it, want two tokens", before, after)
	}
	planted := http.Header{"Cookie": {"parley_session=" + before}}
	wantSignIn(t, "with the session of before", d.Visitor("").Do(http.MethodGet, "/settings", nil, planted))
}

// When something goes wrong at the provider, the page says so in words and nobody is signed in.
// Requirement R-221: Pages for admins.
func TestSignInGoesWrong(t *testing.T) {
	t.Parallel()
	const cantBeTrusted = "answer can&#39;t be trusted"
	d := startDoor(t, openid.Any, annAlone())
	for _, tt := range []struct {
		name       string
		choose     string
		forge      oidcfake.Forgery
		wantStatus int
		wantWhy    string
	}{
		{
			name:       "cancelled",
			choose:     oidcfake.Cancel,
			forge:      oidcfake.Honest,
			wantStatus: http.StatusForbidden,
			wantWhy:    "You were not signed in.",
		},
		{name: "another's token", choose: "ann", forge: oidcfake.ForgeNonce, wantStatus: http.StatusBadGateway, wantWhy: cantBeTrusted},
		{name: "another client", choose: "ann", forge: oidcfake.ForgeAudience, wantStatus: http.StatusBadGateway, wantWhy: cantBeTrusted},
		{name: "unsigned", choose: "ann", forge: oidcfake.ForgeAlgNone, wantStatus: http.StatusBadGateway, wantWhy: cantBeTrusted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.fake.Forge(tt.forge)
			v := d.Visitor("")
			answer, _ := d.signIn(v, tt.choose)
			wantStatus(t, "coming back from the provider", answer, tt.wantStatus)
			wantShown(t, "the answer", answer, tt.wantWhy)
			if signedIn(v) {
				t.Error("somebody is signed in")
			}
		})
	}
}
