package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// The account shop of these tests opens its threads in a channel of Slack.
const (
	shopPath    = "/settings/accounts/shop"
	shopChannel = "C0SHOP1"
)

// startShop starts a site with that account.
func startShop(t *testing.T) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, strings.Replace(sitetest.Acme, "name: shop,", "name: shop, slack_channel: "+shopChannel+",", 1))
}

// placeOfShop returns where the threads of shop open: the kind of chat, and the channel.
func placeOfShop(t *testing.T, s *sitetest.Site) string {
	t.Helper()
	return storetest.Row(t, s.Pool, `
		SELECT surface.kind, shop.surface_channel
		FROM accounts AS shop
		JOIN accounts AS surface ON surface.id = shop.surface_id
		WHERE shop.name = 'shop'`)
}

// An account that has a channel in Slack is not given one in Teams beside it: the page says so, whether it sends Slack's or leaves it
// out, and nothing is changed.
func TestSecondChatChannelIsRefused(t *testing.T) {
	t.Parallel()
	const teamsChannel = "19:shop@thread.tacv2"
	tests := []struct {
		name string
		form url.Values
	}{
		{name: "both sent", form: url.Values{"slack_channel": {shopChannel}, "teams_channel": {teamsChannel}}},
		{name: "the other one left out", form: url.Values{"teams_channel": {teamsChannel}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startShop(t)
			ann := s.Visitor("ann@acme.test")
			tt.form.Set("version", ann.Get(shopPath).Version())

			a := ann.Post(shopPath, tt.form)

			wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
			wantShown(t, "the answer", a, "open in one place", `value="`+teamsChannel+`"`)
			if got, want := placeOfShop(t, s), "(slack,"+shopChannel+")"; got != want {
				t.Errorf("its threads open in %s, want %s", got, want)
			}
		})
	}
}

// An account is moved from Slack to Teams where the page clears the one channel and gives the other.
func TestAccountMovesToTheOtherChat(t *testing.T) {
	t.Parallel()
	s := startShop(t)
	ann := s.Visitor("ann@acme.test")
	const teamsChannel = "19:shop@thread.tacv2"
	form := url.Values{"version": {ann.Get(shopPath).Version()}, "slack_channel": {""}, "teams_channel": {teamsChannel}}

	wantStatus(t, "the answer", ann.Post(shopPath, form), http.StatusSeeOther)

	if got, want := placeOfShop(t, s), "(teams,"+teamsChannel+")"; got != want {
		t.Errorf("its threads open in %s, want %s", got, want)
	}
}

// A page says that a chat doesn't know the channel that was given to its account or its team.
func TestUnknownChannelIsTold(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Lookup = channelsOf{} })
	ann := s.Visitor("ann@acme.test")

	for _, path := range []string{shopPath, "/settings/teams/Support"} {
		form := url.Values{"version": {ann.Get(path).Version()}, "slack_channel": {"C0NOWHERE"}}

		saved := ann.Post(path, form)

		wantStatus(t, path, saved, http.StatusSeeOther)
		wantShown(t, path, ann.Get(saved.Header.Get("Location")), "channel C0NOWHERE: not known there")
	}
}
