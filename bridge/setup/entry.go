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
	"parley/routing"
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

	// Of an account.
	rules  []routing.Rule
	people []store.AccountPerson
	week   []hours.Rule
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
	list := []Entry{entryOf(EntryCompany, Company(s))}
	for _, k := range kinds(specs) {
		list = append(list, k.pages(s)...)
	}
	roles, sources := &Mapping{}, &Mapping{}
	roles.AddMappings("roles", mapped(s.Roles, Role))
	sources.AddMappings("knowledge", mapped(s.Knowledge, Source))
	return append(list, entryOf(EntryRoles, roles), entryOf(EntryKnowledge, sources))
}

// TemplateEntry returns the name of a template's entry: "support-whatsapp/en/greeting".
func TemplateEntry(account, language, name string) string {
	return account + "/" + language + "/" + name
}

func splitTemplateEntry(entry string) (name, language, account string) {
	account, rest, _ := strings.Cut(entry, "/")
	language, name, _ = strings.Cut(rest, "/")
	return name, language, account
}

// completeAccount adds to the entry of an account the paths of its secrets, but not the secrets. It returns false for an account whose
// channel this version doesn't have.
func completeAccount(a StateAccount, spec *channels.Spec, e *Entry) bool {
	if spec == nil {
		return false
	}
	for _, f := range spec.Fields {
		if f.Secret && hasValue(a, f) {
			e.Stored = append(e.Stored, Section(*spec)+"."+f.Name)
		}
	}
	e.Channel, e.rules, e.people, e.week = a.Row.Kind, a.Plan.Rules, a.Row.People, a.Hours.Week
	e.setVersion(append(slices.Clone(a.Row.Secrets), strings.Join(e.Stored, "\n")...))
	return true
}

// entryOf returns the entry with the given values.
func entryOf(kind string, values *Mapping) Entry {
	e := Entry{Kind: kind, Values: map[string][]string{}}
	const noPrefix = ""
	values.Flatten(noPrefix, e.Values)
	e.Name = e.Value(namesOf(kind).key)
	e.setVersion(nil)
	return e
}

// setVersion sets the version to a hash of the values and of hidden, which belongs to the entry but is not shown: an account's
// encrypted secrets.
func (e *Entry) setVersion(hidden []byte) {
	versioned := hidden
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
}

// WeekOf returns the business hours of an account's entry by day. A stored week of {"mon-tue": "09:00-17:30"} becomes
// {"mon": "09:00-17:30", "tue": "09:00-17:30"}. Days on which the business is closed are left out.
func WeekOf(e Entry) map[string]string {
	week := map[string]string{}
	for _, rule := range e.week {
		days, err := hours.ParseDays(rule.Days)
		if err != nil { // can't happen: hours are checked before they are stored
			continue
		}
		spans, err := hours.ParseSpans(rule.Open)
		if err != nil || len(spans) == 0 {
			continue
		}

		for _, d := range days {
			week[strings.ToLower(d.String()[:3])] = rule.Open
		}
	}
	return week
}
