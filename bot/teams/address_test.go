package teams_test

import (
	"net/url"
	"testing"

	"parley/bot/teams"
)

// supportSite is a site as SharePoint has them.
func supportSite() *url.URL {
	return &url.URL{Scheme: "https", Host: "acme.sharepoint.com", Path: "/sites/Support"}
}

// An address below a site is normalised, without its query.
func TestAddressBelowASite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		address string
		want    string
	}{
		{
			name:    "blanks",
			address: "https://acme.sharepoint.com/sites/Support/Shared Documents/a b.pdf",
			want:    "https://acme.sharepoint.com/sites/Support/Shared%20Documents/a%20b.pdf",
		},
		{
			name:    "capital letters in the host",
			address: "https://ACME.SharePoint.com/sites/Support/Shared%20Documents/100%25%20%23.pdf",
			want:    "https://acme.sharepoint.com/sites/Support/Shared%20Documents/100%25%20%23.pdf",
		},
		{
			name:    "query",
			address: "https://acme.sharepoint.com/sites/Support/Shared%20Documents/Forms/AllItems.aspx?id=/sites/HR",
			want:    "https://acme.sharepoint.com/sites/Support/Shared%20Documents/Forms/AllItems.aspx",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := teams.Below(supportSite(), tt.address)
			if got != tt.want || !ok {
				t.Errorf("Below(%q) = %q, %v, want %q", tt.address, got, ok, tt.want)
			}
		})
	}
}

func TestAddressNotBelowASite(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		// Another server, port, user or scheme.
		"https://acme.sharepoint.com:443/sites/Support/Shared%20Documents/a.pdf",
		"https://acme.sharepoint.com:8443/sites/Support/Shared%20Documents/a.pdf",
		"https://ann@acme.sharepoint.com/sites/Support/Shared%20Documents/a.pdf",
		"http://acme.sharepoint.com/sites/Support/Shared%20Documents/a.pdf",
		"https://evil-acme.sharepoint.com/sites/Support/Shared%20Documents/a.pdf",
		"https://acme.sharepoint.com.evil.example/sites/Support/Shared%20Documents/a.pdf",

		// Another site, whose name begins alike, or that is reached by a way out of this one.
		"https://acme.sharepoint.com/sites/Support2/Shared%20Documents/a.pdf",
		"https://acme.sharepoint.com/sites/Support-Leads/a.pdf",
		"https://acme.sharepoint.com/sites/Support/../HR/a.pdf",
		"https://acme.sharepoint.com/sites/Support/%2e%2E/HR/a.pdf",
		"https://acme.sharepoint.com/sites/Support%2f..%2fHR/a.pdf",

		// A link for sharing, which doesn't say where the file lies.
		"https://acme.sharepoint.com/:b:/s/Support/EabcDEF?e=x",

		// Not a whole address.
		"//acme.sharepoint.com/sites/Support/Shared%20Documents/a.pdf",
		"",
	} {
		got, ok := teams.Below(supportSite(), address)
		if got != "" || ok {
			t.Errorf("Below(%q) = %q, %v, want none", address, got, ok)
		}
	}
}

func TestAddressBelowNoSite(t *testing.T) {
	t.Parallel()
	if got, ok := teams.Below(nil, "https://acme.sharepoint.com/sites/Support/Shared%20Documents/a.pdf"); ok {
		t.Errorf("an address is below no site, as %q", got)
	}
}
