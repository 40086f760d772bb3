package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailbox"
)

// Each field has words for people and a default among its choices; passwords are secrets.
func TestFields(t *testing.T) {
	t.Parallel()
	var secrets []string
	for _, f := range Spec().Fields {
		if f.Label == "" {
			t.Errorf("the field %s has no label", f.Name)
		}
		if f.Default != "" && len(f.OneOf) > 0 && !slices.Contains(f.OneOf, f.Default) {
			t.Errorf("the default %q of %s is none of its choices %q", f.Default, f.Name, f.OneOf)
		}
		wantEqual(t, f.Name+" is secret", f.Secret, strings.HasSuffix(f.Name, "password"))
		if f.Secret {
			secrets = append(secrets, f.Name)
		}
	}
	wantEqual(t, "secrets", strings.Join(secrets, " "), "imap.password smtp.password")
}

// A channel needs settings, keys and a clock.
func TestNew(t *testing.T) {
	t.Parallel()
	config := channels.Config{"address": "help@acme.test", "imap.host": "imap.acme.test", "imap.password": "s", "smtp.host": "smtp.acme.test"}
	for name, c := range map[string]struct {
		config channels.Config
		env    channels.Env
	}{
		"keys":     {config: config, env: channels.Env{Now: time.Now}},
		"a clock":  {config: config, env: channels.Env{Keys: testKeys()}},
		"settings": {env: channels.Env{Keys: testKeys(), Now: time.Now}},
	} {
		if _, err := Spec().New(channels.Account{Config: c.config}, c.env); err == nil {
			t.Errorf("a channel without %s was made, want an error", name)
		}
	}
}

// Mail has threads, subjects and formatted texts.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	caps := unconnected(t).Capabilities()
	wantEqual(t, "threads", caps.Threads, true)
	wantEqual(t, "subject", caps.Subject, true)
	wantEqual(t, "formatted text", caps.RichText, channels.Full)
	wantEqual(t, "time of retries", caps.Sending.RetryFor, retryFor)
	wantEqual(t, "bytes of files", caps.Files.MaxBytes, 20<<20)
	wantEqual(t, "kind", Spec().Kind, "email")
}

// unconnected is a channel that connects to nothing, at a fixed time.
func unconnected(t testing.TB) *Channel {
	t.Helper()
	c, err := newChannel(channels.Account{ID: 1, Config: channels.Config{
		"address": "Support@acme.test", "aliases": "help@acme.test", "sender_name": "Acme Support",
		"imap.host": "imap.acme.test", "imap.password": "x", "smtp.host": "smtp.acme.test",
	}}, channels.Env{Keys: testKeys(), Now: func() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }}, mailbox.DefaultOptions(), newProcess())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
