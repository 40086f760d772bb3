package site_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// An address may have signs that have a meaning in a link. The list of people leads to everybody's page all the same.
// Requirement R-221: Pages for admins.
func TestPeopleWithSignsInTheirAddresses(t *testing.T) {
	t.Parallel()
	addresses := []string{"r/d@acme.test", "number#1@acme.test", "who?me@acme.test", "all%40once@acme.test"}
	var agents strings.Builder
	for _, address := range addresses {
		fmt.Fprintf(&agents, ", {email: %q, name: Somebody}", address)
	}
	v := sitetest.Start(t, "agents: [{email: ann@acme.test, name: Ann, roles: [admin]}"+agents.String()+"]").Visitor("ann@acme.test")

	var shown []string
	for _, link := range v.Get("/settings/agents").Links() {
		if !strings.HasPrefix(link, "/settings/agents/") {
			continue
		}
		page := v.Get(link)
		wantStatus(t, link, page, http.StatusOK)
		for _, address := range addresses {
			if page.Has(address) {
				shown = append(shown, address)
			}
		}
	}
	slices.Sort(addresses)
	slices.Sort(shown)
	if !slices.Equal(shown, addresses) {
		t.Errorf("the list leads to the pages of %q, want %q", shown, addresses)
	}
}
