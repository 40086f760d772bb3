package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/channels"
)

// checkSecretReceivers refuses changes by which a stored secret, such as a password, would be sent to a server that has not
// got it so far. Otherwise an admin could have a secret sent to a server of their own. Such a change has to bring the
// secret, typed again. The tokens of a consent (OAuth) can't be typed, so they may go to the provider's servers alone. A
// person who runs Parley (Options.Operator) may do all of that.
// Errors: Faults.
func (w *work) checkSecretReceivers(f *parleyfile.File) error {
	if w.options.Operator {
		return nil
	}

	var faults document.Faults
	for _, e := range f.Accounts {
		want := w.want.Account(e.Name)
		if want == nil {
			continue
		}

		spec := input.SpecOf(w.options.Specs, want.Row.Kind)
		if spec == nil || spec.SentTo == nil {
			continue
		}

		given := e.GivenFields(input.Section(*spec))
		before := map[string][]string{}
		if have := w.have.Account(e.Name); have != nil {
			before = spec.SentTo(have.ConfigWithSecrets())
		}

		after := spec.SentTo(want.ConfigWithSecrets())
		for _, field := range slices.Sorted(maps.Keys(after)) {
			consent := field == spec.Consent
			if consent { // the provider's own servers may always get the tokens
				usual := spec.SentTo(channels.Config{field: want.Config[field]})
				before[field] = append(slices.Clone(before[field]), usual[field]...)
			} else if given[field] || want.Secrets[field] == "" { // typed with this change, or there is no secret
				continue
			}

			added := slices.DeleteFunc(slices.Clone(after[field]), func(s string) bool { return slices.Contains(before[field], s) })
			if len(added) > 0 {
				faults = append(faults, sentElsewhere(e, input.Section(*spec)+"."+field, strings.Join(slices.Compact(added), ", "), consent))
			}
		}
	}
	return faults.Err()
}

// sentElsewhere returns the fault of a change by which the secret in a field would go to a new server. consent is true if
// the secret is the tokens of a consent.
func sentElsewhere(e parleyfile.Account, field, server string, consent bool) document.Fault {
	where := "account " + e.Name + ": " + field
	if consent {
		return document.Fault{
			At:    e.At,
			Where: where,
			What:  fmt.Sprintf("does not go with the server %s: the provider's tokens would be sent to it", server),
			Hint:  "Leave the servers empty; those of the provider are used. To have others, apply a file where Parley runs.",
		}
	}
	return document.Fault{At: e.At, Where: where, What: fmt.Sprintf("would be sent to %s, which did not get it so far", server),
		Hint: "Type it again with this change. Nobody else's password goes to another server unless somebody who knows it types it."}
}
