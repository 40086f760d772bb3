package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

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
