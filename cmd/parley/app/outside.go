package app

import (
	"net/url"
	"slices"

	"parley/channels"
	"parley/channels/guard"
)

// Outside returns the part of a channel's Env that is about the network: the provider's base URL, the
// address of the account's webhook, and a dialer that refuses private addresses.
func (e Env) Outside(spec channels.Spec, account string, config channels.Config) channels.Env {
	out := channels.Env{APIURL: e.APIURLs[spec.APIEnv]}
	if e.PublicURL != "" {
		out.HookURL = e.PublicURL + "/hooks/" + account // letters, digits, - and _
	}

	var own []string
	if spec.OwnHosts != nil {
		own = spec.OwnHosts(config)
	}

	u, err := url.Parse(out.APIURL)
	if err == nil && u.Hostname() != "" {
		own = append(own, u.Hostname()) // without the port: an emulator may serve files on another one
	}

	out.Dialer = guard.New(slices.DeleteFunc(own, func(host string) bool { return host == "" })...)
	return out
}

// readAPIURLs reads the variables that replace providers' base URLs (channels.Spec.APIEnv).
func readAPIURLs(v *variables) map[string]string {
	urls := map[string]string{}
	for _, s := range Specs() {
		_, isRead := urls[s.APIEnv]
		if s.APIEnv == "" || isRead {
			continue
		}

		value := v.text(s.APIEnv)
		if value == "" {
			continue
		}
		if !channels.IsWebAddress(value) {
			v.addFault("%s: write the provider's base address without a version, like https://api.example.org", s.APIEnv)
		}

		urls[s.APIEnv] = value
	}

	return urls
}
