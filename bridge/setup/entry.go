package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
	"parley/routing/hours"
	"parley/store"
)

// versionBytes is how many bytes of its hash identify the version of an entry.
const versionBytes = 8

// Entry is one thing of the set-up (an agent, a team, an account, …) with its current values, as the web pages show it in
// a form. It has the same values as an entry of parley.yaml. The account
//
//   - name: support-mail
//     kind: email
//     email: {imap: {host: mail.example.com}}
//
// has Values["name"] = ["support-mail"] and Values["email.imap.host"] = ["mail.example.com"]. Values never has secrets.
type Entry struct {
	Kind     string              // EntryAgent, …
	Name     string              // what identifies it among its kind; "" for EntryCompany and EntryKnowledge
	Channel  string              // for an account: its kind of channel, such as "email"
	Values   map[string][]string // by path
	Stored   []string            // the paths of the secrets that have a value
	Sentence string              // of an automation: what it does
	Version  string              // differs whenever the entry, or one of its secrets, has changed
}

// Value returns the value at a path, or "" if there is none. A list is joined with line breaks.
func (e Entry) Value(path string) string { return strings.Join(e.Values[path], "\n") }

// Entries reads the whole set-up from the database. It leaves out accounts whose channel is not among specs.
func Entries(ctx context.Context, q store.Querier, specs []channels.Spec) ([]Entry, error) {
	s, err := Load(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	return entriesOf(s, specs), nil
}

func entriesOf(s *State, specs []channels.Spec) []Entry {
	list := []Entry{entryOf(EntryCompany, Company(s), nil)}
	for _, a := range s.Agents {
		list = append(list, entryOf(EntryAgent, Agent(a), nil))
	}

	for _, t := range s.Teams {
		list = append(list, entryOf(EntryTeam, Team(t), nil))
	}

	for _, a := range s.Accounts {
		if spec := SpecOf(specs, a.Row.Kind); spec != nil {
			list = append(list, accountEntryOf(a, *spec))
		}
	}

	for _, tag := range Tags(s) {
		list = append(list, entryOf(EntryTag, tag, nil))
	}

	for _, c := range s.Canned {
		list = append(list, entryOf(EntryCanned, Canned(c), nil))
	}

	for _, a := range s.Automations {
		e := entryOf(EntryAutomation, Automation(a), nil)
		e.Sentence = a.Sentence()
		list = append(list, e)
	}

	for _, t := range s.Templates {
		e := entryOf(EntryTemplate, Template(t, []string{t.Account}), nil)
		e.Name = TemplateEntry(t.Account, t.Row.Language, t.Row.Name)
		list = append(list, e)
	}

	roles := &Mapping{}
	roles.AddMappings("roles", Roles(s))
	list = append(list, entryOf(EntryRoles, roles, nil))

	sources := &Mapping{}
	sources.AddMappings("knowledge", Knowledge(s))
	return append(list, entryOf(EntryKnowledge, sources, nil))
}

// TemplateEntry returns the name of a template's entry: "support-whatsapp/en/greeting".
func TemplateEntry(account, language, name string) string {
	return account + "/" + language + "/" + name
}

// accountEntryOf returns the entry of an account. The entry has the paths of the account's secrets, but not the secrets.
func accountEntryOf(a StateAccount, spec channels.Spec) Entry {
	var storedSecrets []string
	for _, f := range spec.Fields {
		if f.Secret && hasValue(a, f) {
			storedSecrets = append(storedSecrets, Section(spec)+"."+f.Name)
		}
	}

	values := ExportAccount(a, spec, map[string]bool{})
	hidden := append(slices.Clone(a.Row.Secrets), strings.Join(storedSecrets, "\n")...)
	e := entryOf(EntryAccount, values, hidden)
	e.Channel = a.Row.Kind
	e.Stored = storedSecrets
	return e
}

// entryOf returns the entry with the given values. Its version is a hash of them and of hidden, which belongs to the entry
// but is not shown: an account's encrypted secrets.
func entryOf(kind string, values *Mapping, hidden []byte) Entry {
	e := Entry{Kind: kind, Values: map[string][]string{}}
	const noPrefix = ""
	values.Flatten(noPrefix, e.Values)
	e.Name = e.Value(locationOf(kind).nameKey)

	versioned := slices.Clone(hidden)
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

// WeekOf returns the business hours of an account's entry by day. A stored week of {"mon-tue": "09:00-17:30"} becomes
// {"mon": "09:00-17:30", "tue": "09:00-17:30"}. Days on which the business is closed are left out.
func WeekOf(e Entry) map[string]string {
	week := map[string]string{}
	for path := range e.Values {
		key, isOfWeek := strings.CutPrefix(path, "hours.week.")
		if !isOfWeek {
			continue
		}

		days, err := hours.ParseDays(key)
		if err != nil { // can't happen: hours are checked before they are stored
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
