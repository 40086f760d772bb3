package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/export"
	"parley/bridge/setup/input"
	"parley/bridge/setup/state"
	"parley/channels"
	"parley/routing/hours"
	"parley/store"
)

// versionBytes is how much of the hash of an entry is its version. That is enough to notice that an entry has changed.
const versionBytes = 8

// Entry is one thing that parley.yaml describes (an agent, a team, an account, …), with its values, as pages show it.
type Entry struct {
	Kind    string              // EntryAgent, …
	Name    string              // its name in the file; "" means the file itself
	Channel string              // an account's kind
	Values  map[string][]string // by path: "mode", "email.imap.host"
	Stored  []string            // the paths of secrets that are stored
	Version string              // changes whenever the entry does
}

// Value returns the value at a path, or "" if there is none. Several values are joined as lines.
func (e Entry) Value(path string) string { return strings.Join(e.Values[path], "\n") }

// Entries reads everything that is set up. It leaves out secrets, and accounts of channels that this version doesn't have.
func Entries(ctx context.Context, q store.Querier, specs []channels.Spec) ([]Entry, error) {
	s, err := state.Load(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	return entriesOf(s, specs), nil
}

// entriesOf lists what a state holds.
func entriesOf(s *state.State, specs []channels.Spec) []Entry {
	list := []Entry{entryOf(EntryCompany, export.Company(s), nil)}
	for _, a := range s.Agents {
		list = append(list, entryOf(EntryAgent, export.Agent(a), nil))
	}

	for _, t := range s.Teams {
		list = append(list, entryOf(EntryTeam, export.Team(t), nil))
	}

	for _, a := range s.Accounts {
		if spec := input.SpecOf(specs, a.Row.Kind); spec != nil {
			list = append(list, accountEntryOf(a, *spec))
		}
	}

	for _, g := range export.Tags(s) {
		list = append(list, entryOf(EntryTag, g, nil))
	}

	for _, t := range s.Templates {
		e := entryOf(EntryTemplate, export.Template(t, []string{t.Account}), nil)
		e.Name = TemplateEntry(t.Account, t.Row.Language, t.Row.Name)
		list = append(list, e)
	}

	known := &document.Draft{}
	known.Entries("knowledge", export.Knowledge(s))
	return append(list, entryOf(EntryKnowledge, known, nil))
}

// TemplateEntry is the name of a template's entry.
func TemplateEntry(account, language, name string) string {
	return account + "/" + language + "/" + name
}

// accountEntryOf lists an account's values. In place of the secrets, it lists which of them are stored.
func accountEntryOf(a state.Account, spec channels.Spec) Entry {
	var stored []string
	shown := spec
	shown.Fields = nil
	for _, f := range spec.Fields {
		if !f.Secret {
			shown.Fields = append(shown.Fields, f)
			continue
		}
		if _, isStored := a.Config[f.Name]; isStored {
			stored = append(stored, input.Section(spec)+"."+f.Name)
		}
	}

	g := export.Account(a, shown, map[string]bool{})
	e := entryOf(EntryAccount, g, append(slices.Clone(a.Row.Secrets), strings.Join(stored, "\n")...))
	e.Channel = a.Row.Kind
	e.Stored = stored
	return e
}

// entryOf makes an entry of what export writes. versioned is what belongs to the entry but is not shown, such as sealed
// secrets: the entry's version is a hash of it and of the values.
func entryOf(kind string, g *document.Draft, versioned []byte) Entry {
	e := Entry{Kind: kind, Values: map[string][]string{}}
	g.Flatten("", e.Values)
	e.Name = e.Value(placeOf(kind).name)
	for _, path := range slices.Sorted(maps.Keys(e.Values)) {
		versioned = append(versioned, '\n')
		versioned = strconv.AppendQuote(versioned, path)
		versioned = append(versioned, ':')
		for _, value := range e.Values[path] {
			versioned = strconv.AppendQuote(versioned, value)
		}
	}

	sum := sha256.Sum256(versioned)
	e.Version = hex.EncodeToString(sum[:versionBytes])
	return e
}

// WeekOf returns the business hours of an account's entry by day: "mon" → "09:00-17:30". Days without hours are left out.
func WeekOf(e Entry) map[string]string {
	week := map[string]string{}
	for path := range e.Values {
		key, ok := strings.CutPrefix(path, "hours.week.")
		if !ok {
			continue
		}

		days, err := hours.ParseDays(key)
		if err != nil { // cannot be: what is stored was checked
			continue
		}
		spans, err := hours.ParseSpans(e.Value(path))
		if err != nil || len(spans) == 0 {
			continue
		}

		for _, d := range days {
			week[strings.ToLower(d.String()[:3])] = e.Value(path)
		}
	}
	return week
}
