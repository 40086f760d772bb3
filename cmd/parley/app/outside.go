package app

import (
	"net/url"
	"slices"

	"parley/channels"
	"parley/channels/wire"
)

// Outside returns the network part of a channel's Env. A channel is the code that talks to the provider of an account,
// such as WhatsApp. It gets:
//   - APIURL, the provider's base URL, if a variable such as WHATSAPP_API_URL replaces it;
//   - HookURL, the public address of the account's webhook;
//   - Dialer, which refuses private addresses, so that a link in a customer's message can't make Parley fetch from the
//     company's network. Only the hosts that an admin has configured are exempt.
func (e Env) Outside(spec channels.Spec, account string, config channels.Config) channels.Env {
	env := channels.Env{APIURL: e.APIURLs[spec.APIEnv]}
	if e.PublicURL != "" {
		env.HookURL = e.PublicURL + "/hooks/" + account // needs no escaping: letters, digits, - and _
	}

	var trusted []string
	if spec.OwnHosts != nil {
		trusted = spec.OwnHosts(config)
	}

	u, err := url.Parse(env.APIURL)
	if err == nil && u.Hostname() != "" {
		trusted = append(trusted, u.Hostname()) // without the port: an emulator may serve files on another one
	}

	isEmpty := func(host string) bool { return host == "" }
	env.Dialer = wire.New(slices.DeleteFunc(trusted, isEmpty)...)
	return env
}

// readAPIURLs reads the variables that replace the base URLs of providers (channels.Spec.APIEnv).
func readAPIURLs(v *variables) map[string]string {
	urls := map[string]string{}
	for _, s := range Specs() {
		_, isRead := urls[s.APIEnv] // several kinds of accounts may share a variable
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
