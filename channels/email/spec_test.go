package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailbox"
)

// Each field has words for people, and a default that is among its choices.
func TestFieldsHaveLabelsAndDefaults(t *testing.T) {
	t.Parallel()
	for _, f := range Spec().Fields {
		if f.Label == "" {
			t.Errorf("field %s has no label", f.Name)
		}
		if f.Default != "" && len(f.OneOf) > 0 && !slices.Contains(f.OneOf, f.Default) {
			t.Errorf("field %s: the default %q is none of its choices %q", f.Name, f.Default, f.OneOf)
		}
	}
}

// Passwords are secrets, and nothing else is.
func TestPasswordsAreSecrets(t *testing.T) {
	t.Parallel()
	var secrets []string
	for _, f := range Spec().Fields {
		if f.Secret {
			secrets = append(secrets, f.Name)
		}
		if isPassword := strings.HasSuffix(f.Name, "password"); isPassword && !f.Secret {
			t.Errorf("field %s is no secret", f.Name)
		}
	}
	if want := []string{"imap.password", "smtp.password"}; !slices.Equal(secrets, want) {
		t.Errorf("secret fields: got %q, want %q", secrets, want)
	}
}

// A channel can't be made without settings, keys and a clock.
func TestNewChannelWithoutWhatItNeeds(t *testing.T) {
	t.Parallel()
	config := channels.Config{
		"address":       "help@acme.test",
		"imap.host":     "imap.acme.test",
		"imap.password": "s",
		"smtp.host":     "smtp.acme.test",
	}
	tests := []struct {
		name   string
		config channels.Config
		env    channels.Env
	}{
		{name: "keys", config: config, env: channels.Env{Now: time.Now}},
		{name: "a clock", config: config, env: channels.Env{Keys: testKeys()}},
		{name: "settings", env: channels.Env{Keys: testKeys(), Now: time.Now}},
	}
	for _, tt := range tests {
		if _, err := Spec().New(channels.Account{Config: tt.config}, tt.env); err == nil {
			t.Errorf("New without %s: no error, want one", tt.name)
		}
	}
}

// Mail has threads, subjects and formatted texts.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	caps := newUnconnectedChannel(t).Capabilities()
	wantEqual(t, "threads", caps.Threads, true)
	wantEqual(t, "subject", caps.Subject, true)
	wantEqual(t, "formatted text", caps.RichText, channels.Full)
	wantEqual(t, "time of retries", caps.Sending.RetryFor, retryFor)
	wantEqual(t, "bytes of files", caps.Files.MaxBytes, 20<<20)
	wantEqual(t, "kind", Spec().Kind, "email")
}

// newUnconnectedChannel makes a channel that connects to nothing.
func newUnconnectedChannel(t *testing.T) *Channel {
	t.Helper()
	config := channels.Config{
		"address":       "Support@acme.test",
		"aliases":       "help@acme.test",
		"sender_name":   "Acme Support",
		"imap.host":     "imap.acme.test",
		"imap.password": "x",
		"smtp.host":     "smtp.acme.test",
	}
	env := channels.Env{
		Keys: testKeys(),
		Now:  func() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) },
	}
	c, err := newChannel(channels.Account{ID: 1, Config: config}, env, mailbox.DefaultOptions(), newProcess())
	noError(t, err)
	return c
}
