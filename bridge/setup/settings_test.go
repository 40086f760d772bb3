package setup

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

const settingsHead = `# Settings

This page is written by a test: ` + "`go test ./bridge/setup -run TestSettingsPage -update`" + `, or ` + "`make golden`" + `.

They stand in ` + "`parley.yaml`" + ` under ` + "`settings:`" + `, at the top for all accounts, in an account for that one alone. What an
account says wins; what nobody says has its default. ` + "`\"\"`" + ` takes a choice back.

` + "```yaml" + `
settings:                       # of all accounts
  confirm_send: "on"
accounts:
  - name: support-mail
    settings:                   # of this one
      confirm_send: "off"
      receipts: sent
` + "```" + `

| setting | on the pages | values, the default first | what it decides |
|---|---|---|---|
`

// docs/settings.md tells all settings, with their values and defaults.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	page.WriteString(settingsHead)
	for _, s := range bridge.Settings() {
		values := strings.Join(s.Values, "`, `")
		if values != "" {
			values = "`" + values + "`"
		}
		if s.Free.Default != "" {
			values = "`" + s.Free.Default + "`"
		}
		if s.Chat != "" {
			values += "; in chats first `" + s.Chat + "`"
		}
		if s.Label == "" {
			t.Errorf("%s has no label for the pages", s.Name)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", s.Name, s.Label, values, s.Text)
	}
	golden.Text(t, "../../docs/settings.md", page.String())
}
