package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/channels"
)

// keepsSecrets refuses changes by which a stored secret would go to a server that didn't get it so far: whoever may change
// settings could have it sent to a server of their own. The secret has to be typed again with such a change. The tokens
// of a consent can't be typed; they go to no other servers than the provider's. Whoever runs Parley may do both.
// Errors: Faults.
func (w *work) keepsSecrets(f *File) error {
	if w.options.Operator {
		return nil
	}
	var faults Faults
	for _, e := range f.accounts {
		want := w.want.account(e.name)
		if want == nil {
			continue
		}
		spec := specOf(w.options.Specs, want.row.Kind)
		if spec == nil || spec.SentTo == nil {
			continue
		}
		given := e.given(sectionOf(*spec))
		before := map[string][]string{}
		if have := w.have.account(e.name); have != nil {
			before = spec.SentTo(have.whole())
		}
		after := spec.SentTo(want.whole())
		for _, field := range slices.Sorted(maps.Keys(after)) {
			consent := field == spec.Consent
			switch {
			case consent: // the provider's own servers always are right
				usual := spec.SentTo(channels.Config{field: want.config[field]})
				before[field] = append(slices.Clone(before[field]), usual[field]...)
			case given[field] || want.secrets[field] == "":
				continue
			}
			added := slices.DeleteFunc(slices.Clone(after[field]), func(s string) bool { return slices.Contains(before[field], s) })
			if len(added) > 0 {
				faults = append(faults, sentElsewhere(e, sectionOf(*spec)+"."+field, strings.Join(slices.Compact(added), ", "), consent))
			}
		}
	}
	return faults.Err()
}

// sentElsewhere is the fault of a change by which what is stored in a field would go to a server that didn't get it so far.
func sentElsewhere(e accountEntry, field, server string, consent bool) Fault {
	where := "account " + e.name + ": " + field
	if consent {
		return Fault{At: e.at, Where: where, What: fmt.Sprintf("does not go with the server %s: the provider's tokens would be sent to it", server),
			Hint: "Leave the servers empty; those of the provider are used. To have others, apply a file where Parley runs."}
	}
	return Fault{At: e.at, Where: where, What: fmt.Sprintf("would be sent to %s, which did not get it so far", server),
		Hint: "Type it again with this change. Nobody else's password goes to another server unless somebody who knows it types it."}
}

// whole returns an account's settings with its secrets.
func (a *account) whole() channels.Config {
	config := maps.Clone(a.config)
	if config == nil {
		config = channels.Config{}
	}
	maps.Copy(config, a.secrets)
	return config
}

// given lists the fields of a section that the entry gives a value.
func (e accountEntry) given(key string) map[string]bool {
	given := map[string]bool{}
	for _, s := range e.sections {
		for _, f := range s.fields {
			if s.key == key && f.one != nil && f.one.Value != "" {
				given[f.path] = true
			}
		}
	}
	return given
}
