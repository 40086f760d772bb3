package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailbox"
)

func TestSpec(t *testing.T) {
	t.Parallel()
	spec := Spec()
	if spec.Kind != "email" || spec.New == nil {
		t.Fatalf("spec %+v", spec)
	}
	secrets := 0
	for _, f := range spec.Fields {
		if f.Label == "" || f.Default != "" && len(f.OneOf) > 0 && !slices.Contains(f.OneOf, f.Default) {
			t.Errorf("field %+v", f)
		}
		if f.Secret != strings.HasSuffix(f.Name, "password") {
			t.Errorf("field %s: secret %v", f.Name, f.Secret)
		}
		if f.Secret {
			secrets++
		}
	}
	if secrets != 2 {
		t.Errorf("%d secrets", secrets)
	}
	config := channels.Config{"address": "help@acme.test", "imap.host": "imap.acme.test", "imap.password": "s", "smtp.host": "smtp.acme.test"}
	for _, env := range []channels.Env{{Now: time.Now}, {Keys: testKeys()}} {
		if _, err := spec.New(channels.Account{Config: config}, env); err == nil {
			t.Errorf("no error with %+v", env)
		}
	}
	if _, err := spec.New(channels.Account{}, channels.Env{Keys: testKeys(), Now: time.Now}); err == nil {
		t.Error("no error without settings")
	}
	caps := unconnected(t).Capabilities()
	if !caps.Threads || !caps.Subject || caps.RichText != channels.Full || caps.Sending.RetryFor != retryFor || caps.Files.MaxBytes != 20<<20 {
		t.Errorf("capabilities %+v", caps)
	}
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
