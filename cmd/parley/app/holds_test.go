package app_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/cmd/parley/app"
)

// configOf returns what a channel needs to be made.
func configOf(spec channels.Spec) channels.Config {
	values := map[string]string{
		"address": "help@acme.test", "imap.host": "imap.acme.test", "smtp.host": "smtp.acme.test", "account_sid": "AC00000000000000000000000000000001",
		"from": "+15550101", "phone_number_id": "1055", "waba_id": "2066", "page_id": "3077", "callback_url": "https://shop.example/parley",
	}
	config := channels.Config{}
	for _, f := range spec.Fields {
		config[f.Name] = f.Default
		if f.Required || f.Secret {
			config[f.Name] = "a secret of some length"
		}
		if v := values[f.Name]; v != "" {
			config[f.Name] = v
		}
	}
	return config
}

// TestDocsTellTheHolds compares how long replies can be taken back with the table of the documentation, and with the
// sentences that name such a time.
func TestDocsTellTheHolds(t *testing.T) {
	t.Parallel()
	documented := map[string]string{} // by kind of channel
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([0-9]+s) \\|$").FindAllStringSubmatch(readDoc(t, "docs/operations.md"), -1)
	for _, row := range rows {
		documented[row[1]] = row[2]
	}

	for _, spec := range app.Specs() {
		ch, err := spec.New(channels.Account{ID: 1, Name: "a", Config: configOf(spec)},
			channels.Env{Now: time.Now, Keys: [][]byte{[]byte("key")}})
		if err != nil {
			t.Fatalf("%s: %v", spec.Kind, err)
		}
		if hold := ch.Capabilities().Hold.String(); documented[spec.Kind] != hold {
			t.Errorf("a reply by %s waits %s, and docs/operations.md says %q", spec.Kind, hold, documented[spec.Kind])
		}
	}

	for doc, sentence := range map[string]string{
		"README.md":     "A reply to a mail waits 20 seconds, one in a chat 4",
		"docs/slack.md": "A reply to a mail waits 20 seconds",
		"docs/teams.md": "A reply to a mail waits 20 seconds",
		"docs/email.md": "hold: 20s ",
	} {
		if !strings.Contains(readDoc(t, doc), sentence) {
			t.Errorf("%s does not say %q", doc, sentence)
		}
	}

	if channels.HoldMail != 20*time.Second || channels.HoldChat != 4*time.Second {
		t.Errorf("the holds are %s and %s, and the sentences above name 20s and 4s", channels.HoldMail, channels.HoldChat)
	}
}
