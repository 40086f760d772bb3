package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/channels"
)

// checkSecretReceivers refuses a change by which a stored secret, such as a password, would be sent to a new
// server. Otherwise an admin could change the mail server of an account to a server of their own, and read the
// password there. So such a change must contain the secret, typed again.
//
// The tokens of an OAuth consent can't be typed, so they may only go to the provider's own servers. A person
// who operates this installation (Options.Operator) may do all of this.
// Errors: Faults.
func (w *work) checkSecretReceivers(f *File) error {
	if w.options.Operator {
		return nil
	}

	var faults Faults
	for _, said := range f.said.Accounts {
		e := f.entry("account", said.Row.Name)
		want := w.want.Account(e.name)
		if want == nil {
			continue
		}

		spec := SpecOf(w.options.Specs, want.Row.Kind)
		if spec == nil || spec.SentTo == nil {
			continue
		}

		var storedServers map[string][]string // by secret field
		if have := w.have.Account(e.name); have != nil {
			storedServers = spec.SentTo(have.ConfigWithSecrets())
		}

		section := Section(*spec)
		typed := e.givenFields(section)
		servers := spec.SentTo(want.ConfigWithSecrets())
		for _, field := range slices.Sorted(maps.Keys(servers)) {
			allowed := storedServers[field]
			isConsent := field == spec.Consent
			if isConsent { // the provider's own servers may always get the tokens
				usual := spec.SentTo(channels.Config{field: want.Config[field]})
				allowed = slices.Concat(allowed, usual[field])
			} else if typed[field] || want.Secrets[field] == "" { // the author knows the secret, or there is none
				continue
			}

			isAllowed := func(server string) bool { return slices.Contains(allowed, server) }
			added := slices.DeleteFunc(slices.Clone(servers[field]), isAllowed)
			if len(added) > 0 {
				faults = append(faults, newServerFault(e, section+"."+field, strings.Join(slices.Compact(added), ", "), isConsent))
			}
		}
	}
	return faults.Err()
}

// newServerFault returns the fault of a change by which the secret in a field would be sent to a new server. isConsent
// is true if the secret is the tokens of an OAuth consent.
func newServerFault(e *Group, field, server string, isConsent bool) Fault {
	where := e.Label(field)
	if isConsent {
		return Fault{
			At:    e.At,
			Where: where,
			What:  fmt.Sprintf("does not go with the server %s: the provider's tokens would be sent to it", server),
			Hint:  "Leave the servers empty; those of the provider are used. To have others, apply a file where Parley runs.",
		}
	}
	return Fault{
		At:    e.At,
		Where: where,
		What:  fmt.Sprintf("would be sent to %s, which did not get it so far", server),
		Hint:  "Type it again with this change. Nobody else's password goes to another server unless somebody who knows it types it.",
	}
}
