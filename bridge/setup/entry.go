package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/bridge/setup/document"
	"parley/channels"
	"parley/store"
)

// Entry is one thing that parley.yaml describes, with its values.
type Entry struct {
	Kind    string // EntryAgent, …
	Name    string // its name in the file; "" = the file itself
	Channel string // an account's kind
	Values  map[string][]string
	Stored  []string // the paths of secrets that are stored
	Version string   // changes whenever the entry does
}

// Value is a single value; "" = none is given.
func (e Entry) Value(path string) string { return strings.Join(e.Values[path], "\n") }

// Entries reads everything that is set up, by the paths of Field. Secrets are left out. Accounts of channels that
// this version doesn't have are, too.
func Entries(ctx context.Context, q store.Querier, specs []channels.Spec) ([]Entry, error) {
	directory, err := store.LoadDirectory(ctx, q)
	if err != nil {
		return nil, err
	}
	s, err := stateOf(directory, nil)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.templatesOf(ctx, q), s.knowledgeOf(ctx, q), s.retentionOf(ctx, q)); err != nil {
		return nil, err
	}
	return s.entries(specs), nil
}

// entries lists what a state holds.
func (s *state) entries(specs []channels.Spec) []Entry {
	top := &document.Draft{}
	top.Text("company", s.company)
	exportSettings(top, s.settings)
	s.exportRetention(top)
	list := []Entry{entryOf(EntryCompany, top, nil)}
	for _, a := range s.agents {
		list = append(list, entryOf(EntryAgent, exportAgent(a), nil))
	}
	for _, t := range s.teams {
		list = append(list, entryOf(EntryTeam, exportTeam(t), nil))
	}
	for _, a := range s.accounts {
		if spec := specOf(specs, a.row.Kind); spec != nil {
			list = append(list, a.entry(*spec))
		}
	}
	for _, g := range s.exportTags() {
		list = append(list, entryOf(EntryTag, g, nil))
	}
	for _, t := range s.templates {
		e := entryOf(EntryTemplate, exportTemplate(t, []string{t.account}), nil)
		e.Name = TemplateEntry(t.account, t.row.Language, t.row.Name)
		list = append(list, e)
	}
	known := &document.Draft{}
	known.Entries("knowledge", s.exportKnowledge())
	return append(list, entryOf(EntryKnowledge, known, nil))
}

// TemplateEntry is the name of a template's entry.
func TemplateEntry(account, language, name string) string {
	return account + "/" + language + "/" + name
}

// entry lists an account's values; of its secrets only which are stored.
func (a account) entry(spec channels.Spec) Entry {
	var stored []string
	shown := spec
	shown.Fields = nil
	for _, f := range spec.Fields {
		_, known := a.config[f.Name]
		switch {
		case !f.Secret:
			shown.Fields = append(shown.Fields, f)
		case known:
			stored = append(stored, sectionOf(spec)+"."+f.Name)
		}
	}
	g := exportAccount(a, shown, map[string]bool{})
	e := entryOf(EntryAccount, g, append(slices.Clone(a.row.Secrets), strings.Join(stored, "\n")...))
	e.Channel, e.Stored = a.row.Kind, stored
	return e
}

// entryOf makes an entry of what export writes. sealed is what else belongs to its version.
func entryOf(kind string, g *document.Draft, sealed []byte) Entry {
	e := Entry{Kind: kind, Values: map[string][]string{}}
	g.Flatten("", e.Values)
	e.Name = e.Value(placeOf(kind).key)
	for _, path := range slices.Sorted(maps.Keys(e.Values)) {
		sealed = append(strconv.AppendQuote(append(sealed, '\n'), path), ':')
		for _, value := range e.Values[path] {
			sealed = strconv.AppendQuote(sealed, value)
		}
	}
	sum := sha256.Sum256(sealed)
	e.Version = hex.EncodeToString(sum[:8])
	return e
}
