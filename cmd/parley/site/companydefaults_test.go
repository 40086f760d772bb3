package site_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// An account's page shows, for each setting that the account doesn't choose, the value that is in force: the one that
// is chosen for all accounts, else the default.
func TestAccountShowsCompanyChoices(t *testing.T) {
	t.Parallel()
	const chosen = `
settings:
  confirm_send: "on"
  reply_after_resolve: reopen
  ai_tokens_a_day: "5000"
  ai_intents: "warranty: asks about the guarantee"
`
	s := sitetest.Start(t, sitetest.Acme+chosen)

	page := s.Visitor("ann@acme.test").Get("/settings/accounts/support-mail")

	wantStatus(t, "the page", page, http.StatusOK)
	tests := []struct {
		name    string
		setting string
		want    string // in the setting's field
	}{
		{name: "choice for all", setting: "confirm_send", want: `<option value="" selected>as usual: on</option>`},
		{
			name:    "choice for all in place of a default for mail and one for chats",
			setting: "reply_after_resolve",
			want:    `<option value="" selected>as usual: it is reopened</option>`,
		},
		{name: "default", setting: "receipts", want: `<option value="" selected>as usual: up to read</option>`},
		{name: "line for all", setting: "ai_tokens_a_day", want: `placeholder="5000"`},
		{name: "default of a line", setting: "ai_audit", want: `placeholder="30"`},
		{name: "several lines for all", setting: "ai_intents", want: `placeholder="warranty: asks about the guarantee"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if field := fieldIn(t, page, "settings."+tt.setting); !strings.Contains(field, tt.want) {
				t.Errorf("the field is\n%s\nwant %s in it", field, tt.want)
			}
		})
	}
}

// An account's page shows the account's own choice as chosen, whatever is chosen for all accounts.
func TestAccountShowsItsOwnChoice(t *testing.T) {
	t.Parallel()
	const chosen = "settings: {confirm_send: \"on\"}\n"
	own := strings.Replace(sitetest.Acme, "kind: http,", "kind: http, settings: {confirm_send: \"off\"},", 1)
	s := sitetest.Start(t, own+chosen)

	page := s.Visitor("ann@acme.test").Get("/settings/accounts/shop")

	const want = `<option value="off" selected>`
	if field := fieldIn(t, page, "settings.confirm_send"); !strings.Contains(field, want) {
		t.Errorf("the field is\n%s\nwant %s in it", field, want)
	}
}

// fieldIn returns the HTML of a form's field, from its name to the end of its element.
func fieldIn(t *testing.T, page sitetest.Answer, name string) string {
	t.Helper()
	_, rest, isThere := strings.Cut(page.Body, fmt.Sprintf(`name="%s"`, name))
	if !isThere {
		t.Fatalf("the page has no field %s", name)
	}
	field, _, _ := strings.Cut(rest, "</div>")
	return field
}
