package http_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	parleyhttp "parley/channels/http"
)

// TestSettings: settings that can't work are refused before anything is stored or sent. The refusal doesn't tell the
// secret.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ secret, callback, private, fault string }{
		{secret: secret, callback: "https://shop.test/parley", private: "false"},
		{secret: secret, callback: "https://shop.test"},
		{secret: secret, callback: "http://10.0.0.1:8080/x", private: "true"},
		{secret: "just long enough", callback: "https://shop.test", private: "false"},
		{secret: "not long enough", callback: "https://shop.test", private: "false", fault: "secret"},
		{secret: "short", callback: "https://shop.test", private: "false", fault: "secret"},
		{secret: secret, callback: "http://shop.test", private: "false", fault: "must be https"},
		{secret: secret, callback: "ftp://shop.test", private: "true", fault: "must be https"},
		{secret: secret, callback: "shop.test/parley", private: "false", fault: "callback_url"},
		{secret: secret, callback: "https://u:p@shop.test", private: "false", fault: "callback_url"},
		{secret: secret, callback: "https://shop.test/#x", private: "false", fault: "callback_url"},
		{secret: secret, callback: "https:///parley", private: "false", fault: "callback_url"},
		{secret: secret, callback: "http://:8080", private: "true", fault: "callback_url"},
		{secret: secret, callback: "", private: "false", fault: "callback_url"},
	} {
		settings := channels.Config{"secret": c.secret, "callback_url": c.callback, "allow_private": c.private}
		_, err := parleyhttp.Spec().New(channels.Account{Config: settings}, channels.Env{})
		if c.fault == "" || err == nil {
			wantEqual(t, fmt.Sprintf("%+v is refused", c), err != nil, c.fault != "")
			continue
		}
		wantText(t, fmt.Sprintf("fault of %+v", c), err.Error(), c.fault)
		wantEqual(t, fmt.Sprintf("the fault of %+v tells the secret", c), strings.Contains(err.Error(), c.secret), false)
	}
}

// The host of a callback counts as an own host only if the settings allow a callback in the own network.
func TestOwnHosts(t *testing.T) {
	t.Parallel()
	for callback, want := range map[string]string{
		"http://10.0.0.1:8080/x":  "10.0.0.1:8080",
		"https://Shop.internal/x": "shop.internal:443",
		"http://[::1]/":           "[::1]:80",
	} {
		got := parleyhttp.Spec().OwnHosts(channels.Config{"callback_url": callback, "allow_private": "true"})
		if !slices.Equal(got, []string{want}) {
			t.Errorf("own hosts of %s: got %q, want %s alone", callback, got, want)
		}
	}
	if got := parleyhttp.Spec().OwnHosts(channels.Config{"callback_url": "http://10.0.0.1", "allow_private": "false"}); got != nil {
		t.Errorf("own hosts of a callback that isn't allowed: got %q, want none", got)
	}
}
