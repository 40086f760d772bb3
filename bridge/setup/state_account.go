package setup

import (
	"maps"
	"time"

	"parley/channels"
	"parley/routing"
	"parley/routing/hours"
	"parley/store"
)

// StateAccount is one account of customers: a mailbox, a phone number, a page or a workspace. Its channel has
// fields, such as the host of a mail server; their values are in Config, those of secret fields in Secrets.
type StateAccount struct {
	Row      store.Account // ID 0 means new; saving sets TeamID and SurfaceID
	Team     string
	Surface  string            // kind of chat ("slack", "teams") in which threads open; "" means the team's
	Settings map[string]string // only those that were chosen
	Hours    hours.Plan
	Plan     routing.Plan
	Config   map[string]string
	Secrets  map[string]string // decrypted; nil if there was no sealer
}

// Signature returns the signature of mails from the account.
func (a StateAccount) Signature() StateSignature {
	return StateSignature{a.Row.Signature, a.Row.RichSignature}
}

// Value returns the value of a field of the account's channel. It returns "" if the field is empty, or a secret
// that was not decrypted.
func (a *StateAccount) Value(f channels.Field) string {
	if f.Secret {
		return a.Secrets[f.Name]
	}
	return a.Config[f.Name]
}

// Set sets the value of a field; "" removes it. Config then has the name of a secret field, but not its value.
func (a *StateAccount) Set(f channels.Field, value string) {
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

// ConfigWithSecrets returns a copy of the fields of the account's channel, including secrets.
func (a *StateAccount) ConfigWithSecrets() channels.Config {
	config := maps.Clone(a.Config)
	if config == nil {
		config = channels.Config{}
	}
	maps.Copy(config, a.Secrets)
	return config
}

// HoldWords returns how long replies wait, such as "30s", or "" for the default of the channel.
func (a StateAccount) HoldWords() string {
	if a.Row.HoldSeconds == nil {
		return ""
	}
	return (time.Duration(*a.Row.HoldSeconds * float64(time.Second))).String()
}
