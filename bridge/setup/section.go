package setup

import (
	"fmt"
	"slices"
	"strings"

	"parley/bridge/setup/input"
	"parley/channels"
)

func (o *overlay) kinds() string {
	list := make([]string, len(o.specs))
	for i, s := range o.specs {
		list[i] = s.Kind
	}
	return either(list)
}

func specOf(specs []channels.Spec, kind string) *channels.Spec {
	return find(specs, func(s channels.Spec) bool { return s.Kind == kind })
}

// sectionOf is the key below which an account's fields of its channel stand.
func sectionOf(s channels.Spec) string { return input.Section(s) }

// accountSections sets the fields of the account's channel.
func (o *overlay) accountSections(a *account, e accountEntry) {
	where := "account " + e.name
	spec := specOf(o.specs, a.row.Kind)
	if spec == nil && a.row.ID != 0 && len(e.sections) == 0 {
		return // a channel of another version: its account can still be paused
	}
	if spec == nil {
		at := e.at
		if e.kind != nil {
			at = e.kind.At
		}
		o.faults.Add(at, where+": kind", fmt.Sprintf("this version of Parley has no channel %q", a.row.Kind), "It has "+o.kinds()+".")
		return
	}
	key, at, faulty := sectionOf(*spec), e.at, map[string]bool{}
	for _, s := range e.sections {
		if s.key != key {
			o.faults.Add(s.at, where, fmt.Sprintf("unknown key %q", s.key), fmt.Sprintf("The settings of kind %s stand under %s:.", spec.Kind, key))
			continue
		}
		at = s.at
		for _, f := range s.fields {
			before := len(o.faults)
			o.setField(a, *spec, f, where+": "+key+"."+f.path)
			faulty[f.path] = len(o.faults) > before
		}
	}
	for _, f := range spec.Fields {
		if value := a.value(f); !faulty[f.Name] && f.Needed(a.config) && f.Default == "" && strings.TrimSpace(value) == "" {
			o.faults.Add(at, where+": "+key+"."+f.Name, "is missing", hintOf(f))
		}
	}
}

func hintOf(f channels.Field) string {
	if f.Help != "" {
		return f.Help
	}
	return f.Label + "."
}

func (a *account) value(f channels.Field) string {
	if f.Secret {
		return a.secrets[f.Name]
	}
	return a.config[f.Name]
}

// setField sets one field of an account. Faults never quote the value.
func (o *overlay) setField(a *account, spec channels.Spec, f field, where string) {
	known := find(spec.Fields, func(s channels.Field) bool { return s.Name == f.path })
	if known == nil {
		names := make([]string, len(spec.Fields))
		for i, s := range spec.Fields {
			names[i] = s.Name
		}
		o.faults.Add(f.at, where, "is unknown", "Known: "+strings.Join(names, ", ")+".")
		return
	}
	var values []string
	switch {
	case known.List && f.many == nil:
		o.faults.Add(f.at, where, "must be a list", "Write [first, second], or [] for none.")
		return
	case !known.List && f.many != nil:
		o.faults.Add(f.at, where, "must be a single value, not a list", "")
		return
	case known.List:
		values = unique(trimmed(f.many.Values()))
	case known.Secret:
		values = []string{f.one.Value} // not trimmed: spaces may belong to a secret
	default:
		values = []string{strings.TrimSpace(f.one.Value)}
	}
	for _, v := range values {
		if len(known.OneOf) > 0 && v != "" && !slices.Contains(known.OneOf, v) {
			o.faults.Add(f.at, where, "is not possible", "Write "+either(known.OneOf)+".")
			return
		}
		if known.List && strings.Contains(v, "\n") {
			o.faults.Add(f.at, where, "has an entry of several lines", "Write each line as an entry of its own.")
			return
		}
	}
	a.set(*known, strings.Join(values, "\n"))
}

func trimmed(list []string) []string {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// set stores a value. Of a secret only the name is stored without encryption.
func (a *account) set(f channels.Field, value string) {
	switch {
	case value == "":
		delete(a.config, f.Name)
		delete(a.secrets, f.Name)
	case f.Secret:
		a.secrets[f.Name], a.config[f.Name] = value, ""
	default:
		a.config[f.Name] = value
	}
}
