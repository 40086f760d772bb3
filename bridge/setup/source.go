package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/channels"
)

// sources refuses a change by which two accounts take messages from the same place: each would open a thread in both, or
// one of them would get none.
// An account that is paused takes none. Two that do so already stay, with a remark: all else can still be changed.
// Errors: Faults.
func (w *work) sources(f *parleyfile.File) error {
	var faults document.Faults
	for i := range w.want.Accounts {
		for j := range i {
			one, other := &w.want.Accounts[i], &w.want.Accounts[j]
			field := sameSource(w.options.Specs, one, other)
			if field == "" {
				continue
			}
			if was, wasOther := w.have.Account(one.Row.Name), w.have.Account(other.Row.Name); was != nil && wasOther != nil && sameSource(w.options.Specs, was, wasOther) != "" {
				w.doubled = append(w.doubled, fmt.Sprintf("accounts %s and %s: both take the same messages, so one of them gets none or each message opens two threads: pause one of them",
					other.Row.Name, one.Row.Name))
				continue
			}
			at := f.Account(one.Row.Name)
			if at == nil {
				if at = f.Account(other.Row.Name); at != nil {
					one, other = other, one
				}
			}
			var place document.Position
			if at != nil {
				place = at.At
			}
			section := input.Section(*input.SpecOf(w.options.Specs, one.Row.Kind))
			faults.Add(place, "account "+one.Row.Name+": "+section+": "+strings.ReplaceAll(field, ".", ": "),
				fmt.Sprintf("the account %s takes messages from there already", other.Row.Name),
				"One of the two would get none, or each message would open two threads: give another one here, or pause one of the accounts.")
		}
	}
	return faults.Err()
}

// sameSource gives the first field by which two accounts at work take messages from the same place; "" = they don't.
func sameSource(specs []channels.Spec, a, b *state.Account) string {
	spec := input.SpecOf(specs, a.Row.Kind)
	if a.Row.Kind != b.Row.Kind || a.Row.Paused || b.Row.Paused || spec == nil {
		return ""
	}
	one, other := sourcesOf(spec, a.Config), sourcesOf(spec, b.Config)
	for _, field := range slices.Sorted(maps.Keys(one)) {
		if one[field] != "" && one[field] == other[field] {
			return field
		}
	}
	return ""
}

// sourcesOf gives what an account takes messages from, by field. What comes by a shared callback goes to one account.
func sourcesOf(spec *channels.Spec, config channels.Config) map[string]string {
	switch {
	case spec.Sources != nil:
		return spec.Sources(config)
	case spec.Owner != "":
		return map[string]string{spec.Owner: strings.TrimSpace(config[spec.Owner])}
	}
	return nil
}
