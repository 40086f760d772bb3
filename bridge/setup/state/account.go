package state

import (
	"maps"
	"time"

	"parley/channels"
	"parley/routing/hours"
	"parley/store"
)

// Account is one mailbox, number, page or workspace of customers.
type Account struct {
	Row      store.Account // ID 0 means new; save sets its ids of team and surface
	Team     string
	Surface  string // the kind of surface in which threads open; "" means the team's
	Settings map[string]string
	Hours    hours.Plan
	Config   map[string]string
	Secrets  map[string]string // decrypted; nil means there was no sealer
}

// Signature is what stands below what leaves from the account.
func (a Account) Signature() Signature { return Signature{a.Row.Signature, a.Row.RichSignature} }

// Value returns the value of a field of the account's channel. It returns "" if there is none, or if the value is a secret
// that was not decrypted.
func (a *Account) Value(f channels.Field) string {
	if f.Secret {
		return a.Secrets[f.Name]
	}
	return a.Config[f.Name]
}

// Set stores a value. Of a secret only the name is stored without encryption.
func (a *Account) Set(f channels.Field, value string) {
	switch {
	case value == "":
		delete(a.Config, f.Name)
		delete(a.Secrets, f.Name)
	case f.Secret:
		a.Secrets[f.Name], a.Config[f.Name] = value, ""
	default:
		a.Config[f.Name] = value
	}
}

// ConfigWithSecrets returns the fields of the account's channel, secrets among them.
func (a *Account) ConfigWithSecrets() channels.Config {
	config := maps.Clone(a.Config)
	if config == nil {
		config = channels.Config{}
	}
	maps.Copy(config, a.Secrets)
	return config
}

// HoldWords writes how long replies wait: "30s". It returns "" if they wait as is usual in the channel.
func (a Account) HoldWords() string {
	if a.Row.HoldSeconds == nil {
		return ""
	}
	return (time.Duration(*a.Row.HoldSeconds * float64(time.Second))).String()
}
