package teams_test

import (
	"errors"
	"testing"

	"parley/bot/teams"
)

// newHosts returns the hosts of the tests. If local is true, any server on this machine is among them.
func newHosts(t *testing.T, local bool) *teams.Hosts {
	t.Helper()
	h, err := teams.NewHosts([]string{"smba.example", " https://smba.example:8443/path ", "http://127.0.0.1:4000/connector/", ""}, local)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// wantHost checks whether an address may be called, and if so whether it gets the token.
func wantHost(t *testing.T, h *teams.Hosts, address string, isAllowed, getsToken bool) {
	t.Helper()
	token, err := h.Check(address)
	if isAllowed && err != nil {
		t.Errorf("%q is refused: %v", address, err)
	}
	if !isAllowed && !errors.Is(err, teams.ErrHost) {
		t.Errorf("%q: got error %v, want ErrHost", address, err)
	}
	if token != getsToken {
		t.Errorf("%q gets the token: %v, want %v", address, token, getsToken)
	}
}

// Teams' own hosts and those that an admin named may be called, and get the token.
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://smba.trafficmanager.net/emea/T/",
		"https://SMBA.TrafficManager.net",
		"https://smba.infra.gcc.teams.microsoft.com/x",
		"https://smba.infra.gov.teams.microsoft.us/x",
		"https://smba.infra.dod.teams.microsoft.us/teams",
		"https://smba.example/",
		"https://smba.example:8443/other",
		"http://127.0.0.1:4000/other",
	} {
		wantHost(t, newHosts(t, false), address, true, true)
		wantHost(t, newHosts(t, true), address, true, true)
	}
}

// If servers on this machine are allowed, any of them may be called, but none gets the token.
func TestHostsOfThisMachine(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"http://127.0.0.1:4001/",
		"http://localhost:56150/_connector",
		"https://LOCALHOST/",
		"http://[::1]:80/",
		"http://127.9.9.9/",
		"http://[::ffff:127.0.0.1]/",
	} {
		wantHost(t, newHosts(t, false), address, false, false)
		wantHost(t, newHosts(t, true), address, true, false)
	}
}

// An address that only looks like an allowed one may not be called.
func TestForeignHosts(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"http://smba.example/",
		"https://smba.example:9443/",
		"https://x.trafficmanager.net/",
		"https://smba.trafficmanager.net:443/",
		"https://smba.trafficmanager.net:/",
		"https://smba.trafficmanager.net./",
		"http://smba.trafficmanager.net/",
		"https://a@smba.trafficmanager.net/",
		"https://@smba.trafficmanager.net/",
		"https://smba.trafficmanager.net@evil.example/",
		"https://smba.trafficmanager.net\\.evil.example/",
		"https://smba.trafficmanager.net%2eevil.example/",
		"//smba.trafficmanager.net/",
		"https:smba.trafficmanager.net",
		"ftp://smba.trafficmanager.net/",
		"http://a@localhost/",
		"http://localhost.evil.example/",
		"http://0.0.0.0/",
		"http://127.1/",
		"http://10.0.0.1/",
		"http://169.254.169.254/latest/",
		"",
	} {
		wantHost(t, newHosts(t, false), address, false, false)
		wantHost(t, newHosts(t, true), address, false, false)
	}
}
