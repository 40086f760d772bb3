package openid

import (
	"testing"

	"parley/bot/web/oidcfake"
)

// thinWorld has a provider whose tokens have no address, so that Parley has to ask for it.
func thinWorld(t *testing.T, claimed map[string]any) *signInWorld {
	t.Helper()
	return startWorld(t, Any, oidcfake.Options{Users: []oidcfake.User{ann(claimed)}, LeftOut: []string{"email", "email_verified"}})
}

// If the token has no address, Parley asks the provider for it.
// Requirement R-221: Pages for admins.
func TestTokenWithoutAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		claimed  map[string]any
		wantMail string
	}{
		{name: "an address that was checked", wantMail: "ann@acme.example"},
		{name: "checked, as a text", claimed: map[string]any{"email_verified": "true"}, wantMail: "ann@acme.example"},
		{name: "not checked", claimed: map[string]any{"email_verified": false}},
		{name: "not checked, in a domain of the organisation's", claimed: map[string]any{"email_verified": false, "xms_edov": true}},
		{name: "no address", claimed: map[string]any{"email": nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := thinWorld(t, tt.claimed).signIn("ann")
			wantIdentity(t, got, err, Identity{Kind: Any, Mail: tt.wantMail})
		})
	}
}

// If Parley asks the provider and the answer is about somebody else, the sign-in is refused.
// Requirement R-221: Pages for admins.
func TestAddressOfSomebodyElse(t *testing.T) {
	t.Parallel()
	w := thinWorld(t, nil)
	w.fake.Forge(oidcfake.ForgeUserInfo)
	_, err := w.signIn("ann")
	wantRefusal(t, err, untrusted)
}
