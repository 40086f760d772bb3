package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/channels"
)

// sources refuses a change by which two accounts take messages from the same place: each would open a thread in both, or
// one of them would get none.
// An account that is paused takes none. Two that do so already stay, with a remark: all else can still be changed.
// Errors: Faults.
func (w *work) sources(f *File) error {
	var faults Faults
	for i := range w.want.accounts {
		for j := range i {
			one, other := &w.want.accounts[i], &w.want.accounts[j]
			field := sameSource(w.options.Specs, one, other)
			if field == "" {
				continue
			}
			if was, wasOther := w.have.account(one.row.Name), w.have.account(other.row.Name); was != nil && wasOther != nil && sameSource(w.options.Specs, was, wasOther) != "" {
				w.doubled = append(w.doubled, fmt.Sprintf("accounts %s and %s: both take the same messages, so one of them gets none or each message opens two threads: pause one of them",
					other.row.Name, one.row.Name))
				continue
			}
			at := f.entryOf(one.row.Name)
			if at == nil {
				if at = f.entryOf(other.row.Name); at != nil {
					one, other = other, one
				}
			}
			var place Position
			if at != nil {
				place = at.at
			}
			section := sectionOf(*specOf(w.options.Specs, one.row.Kind))
			faults.Add(place, "account "+one.row.Name+": "+section+": "+strings.ReplaceAll(field, ".", ": "),
				fmt.Sprintf("the account %s takes messages from there already", other.row.Name),
				"One of the two would get none, or each message would open two threads: give another one here, or pause one of the accounts.")
		}
	}
	return faults.Err()
}

// entryOf finds the entry of an account in the file; nil = it isn't there.
func (f *File) entryOf(name string) *accountEntry {
	i := slices.IndexFunc(f.accounts, func(e accountEntry) bool { return strings.EqualFold(e.name, name) })
	if i < 0 {
		return nil
	}
	return &f.accounts[i]
}

// sameSource gives the first field by which two accounts at work take messages from the same place; "" = they don't.
func sameSource(specs []channels.Spec, a, b *account) string {
	spec := specOf(specs, a.row.Kind)
	if a.row.Kind != b.row.Kind || a.row.Paused || b.row.Paused || spec == nil {
		return ""
	}
	one, other := sourcesOf(spec, a.config), sourcesOf(spec, b.config)
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
