package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/channels"
)

// checkSources refuses a change after which two accounts take messages from the same source, such as the same
// mailbox. Otherwise each message would open a thread in both, or one account would get none. If the accounts
// shared the source before the change, it only adds a remark (work.doubled), so that everything else can still
// be changed.
// Errors: Faults.
func (w *work) checkSources(f *File) error {
	var faults Faults
	for i := range w.want.Accounts {
		for j := range i {
			one, other := &w.want.Accounts[i], &w.want.Accounts[j]
			field := sameSource(w.options.Specs, one, other)
			if field == "" {
				continue
			}

			if w.wasSourceShared(one, other) {
				w.doubled = append(w.doubled, fmt.Sprintf(
					"accounts %s and %s: both take the same messages, so one of them gets none or each message opens two threads: pause one of them",
					other.Row.Name, one.Row.Name))
			} else {
				faults.Add(w.sourceFault(f, field, one, other))
			}
		}
	}
	return faults.Err()
}

// wasSourceShared reports whether two accounts took messages from the same source before the change.
func (w *work) wasSourceShared(one, other *StateAccount) bool {
	oneBefore, otherBefore := w.have.Account(one.Row.Name), w.have.Account(other.Row.Name)
	if oneBefore == nil || otherBefore == nil {
		return false
	}
	return sameSource(w.options.Specs, oneBefore, otherBefore) != ""
}

// sourceFault returns the fault of two accounts that would share a source. It is attributed to the account in
// the file, since that is the one that somebody changed. field is the field that names the source.
func (w *work) sourceFault(f *File, field string, one, other *StateAccount) Fault {
	changed, kept := one, other
	if f.entry("account", one.Row.Name) == nil && f.entry("account", other.Row.Name) != nil {
		changed, kept = other, one
	}

	section := Section(*SpecOf(w.options.Specs, changed.Row.Kind))
	return Fault{
		At:    f.at("account", changed.Row.Name), // zero, if the file has neither account
		Where: "account " + changed.Row.Name + ": " + section + ": " + strings.ReplaceAll(field, ".", ": "),
		What:  fmt.Sprintf("the account %s takes messages from there already", kept.Row.Name),
		Hint:  "One of the two would get none, or each message would open two threads: give another one here, or pause one of the accounts.",
	}
}

// sameSource returns the first field by which two accounts take messages from the same source, or "" if there
// is none. Accounts of different kinds never share a source, and a paused account takes no messages.
func sameSource(specs []channels.Spec, a, b *StateAccount) string {
	spec := SpecOf(specs, a.Row.Kind)
	if a.Row.Kind != b.Row.Kind || spec == nil {
		return ""
	}
	if a.Row.Paused || b.Row.Paused {
		return ""
	}

	sourcesA, sourcesB := sourcesOf(spec, a.Config), sourcesOf(spec, b.Config)
	for _, field := range slices.Sorted(maps.Keys(sourcesA)) {
		if sourcesA[field] != "" && sourcesA[field] == sourcesB[field] {
			return field
		}
	}
	return ""
}

// sourcesOf returns the sources from which an account takes messages, by the fields that name them. For
// example, an e-mail account may have the source "mail.example.com help inbox". A channel may say what its
// sources are (spec.Sources). Otherwise, if all accounts of its kind share one callback, the source is the
// value of the field spec.Owner, by which a message finds its account.
func sourcesOf(spec *channels.Spec, config channels.Config) map[string]string {
	if spec.Sources != nil {
		return spec.Sources(config)
	}
	if spec.Owner != "" {
		return map[string]string{spec.Owner: strings.TrimSpace(config[spec.Owner])}
	}
	return nil
}
