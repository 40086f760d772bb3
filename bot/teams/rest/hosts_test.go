package rest_test

import (
	"errors"
	"testing"

	"parley/bot/teams/rest"
)

// Which addresses may be called, and which of them get the token.
func TestHosts(t *testing.T) {
	t.Parallel()
	more := []string{"smba.example", " https://smba.example:8443/path ", "http://127.0.0.1:4000/connector/", ""}
	strict, err := rest.NewHosts(more, false)
	if err != nil {
		t.Fatal(err)
	}
	local, err := rest.NewHosts(more, true)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]struct{ strict, local, token bool }{
		"https://smba.trafficmanager.net/emea/T/":         {true, true, true},
		"https://SMBA.TrafficManager.net":                 {true, true, true},
		"https://smba.infra.gcc.teams.microsoft.com/x":    {true, true, true},
		"https://smba.infra.gov.teams.microsoft.us/x":     {true, true, true},
		"https://smba.infra.dod.teams.microsoft.us/teams": {true, true, true},
		"https://smba.example/":                           {true, true, true},
		"https://smba.example:8443/other":                 {true, true, true},
		"http://127.0.0.1:4000/other":                     {true, true, true},
		"http://smba.example/":                            {},
		"https://smba.example:9443/":                      {},
		"https://x.trafficmanager.net/":                   {},
		"https://smba.trafficmanager.net:443/":            {},
		"https://smba.trafficmanager.net:/":               {},
		"https://smba.trafficmanager.net./":               {},
		"http://smba.trafficmanager.net/":                 {},
		"https://a@smba.trafficmanager.net/":              {},
		"https://@smba.trafficmanager.net/":               {},
		"https://smba.trafficmanager.net@evil.example/":   {},
		"https://smba.trafficmanager.net\\.evil.example/": {},
		"https://smba.trafficmanager.net%2eevil.example/": {},
		"//smba.trafficmanager.net/":                      {},
		"https:smba.trafficmanager.net":                   {},
		"ftp://smba.trafficmanager.net/":                  {},
		"http://127.0.0.1:4001/":                          {local: true},
		"http://localhost:56150/_connector":               {local: true},
		"https://LOCALHOST/":                              {local: true},
		"http://[::1]:80/":                                {local: true},
		"http://127.9.9.9/":                               {local: true},
		"http://[::ffff:127.0.0.1]/":                      {local: true},
		"http://a@localhost/":                             {},
		"http://localhost.evil.example/":                  {},
		"http://0.0.0.0/":                                 {},
		"http://127.1/":                                   {},
		"http://10.0.0.1/":                                {},
		"http://169.254.169.254/latest/":                  {},
		"":                                                {},
	} {
		for name, h := range map[string]*rest.Hosts{"strict": strict, "local": local} {
			ok := want.strict && name == "strict" || want.local && name == "local"
			token, err := h.Check(address)
			if (err == nil) != ok || err != nil && !errors.Is(err, rest.ErrHost) || token != (ok && want.token) {
				t.Errorf("%s, %q: token %v, %v", name, address, token, err)
			}
		}
	}
	for _, entry := range []string{"http://smba.example", "https://a@smba.example", "ftp://smba.example", "https://", "http://10.0.0.1:80"} {
		if _, err := rest.NewHosts([]string{entry}, false); err == nil {
			t.Errorf("%q is taken", entry)
		}
	}
}
