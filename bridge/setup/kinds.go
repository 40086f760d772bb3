package setup

import (
	"reflect"
	"slices"
	"strings"

	"parley/channels"
	"parley/routing"
	"parley/store"
)

// kind is a list of parley.yaml: how its entries are read, and what a change does to such things.
type kind[T any] struct {
	names
	read    func(*overlay, *Group)
	of      func(*State) *[]T
	name    func(T) string
	write   func(T) *Mapping
	all     func(*State) []*Mapping                           // all entries of the file; nil means one for each thing
	page    func(T, *Entry) bool                              // completes the entry for pages, or leaves it out; nil means that it is complete
	spec    func(T) *channels.Spec                            // of the channel; nil means that there is none
	stored  func(have *State, want T) *T                      // nil means by its name
	further func(old, now T) string                           // what else changes, beside what is written; nil means nothing
	gone    func(d difference, old T) (end string, show bool) // what becomes of one that isn't wanted any more
}

// names are what a kind is called, and where the file has its entries.
type names struct {
	entry string // EntryAgent
	what  string // in faults and in lists of changes: "agent"
	list  string // the key of the list: "agents"
	key   string // the key within an entry that identifies it: "email"
}

func (n names) called() names { return n }

// difference is between the stored set-up and the wanted one. kept lists the teams and accounts that are not in want but can't be
// removed.
type difference struct {
	have, want *State
	kept       unremovable
}

// anyKind is a kind of any type of things.
type anyKind interface {
	called() names
	readEntry(o *overlay, e *Group)
	prune(o *overlay)
	changes(d difference) []string
	remove(want *State, name string)
	export(s *State) []*Mapping
	pages(s *State) []Entry
}

// kinds returns all lists, in the order in which they are read: teams refer to agents, and so on.
func kinds(specs []channels.Spec) []anyKind {
	leaves := func(end string) (string, bool) { return end, true }
	return []anyKind{
		kind[StateAgent]{
			names: names{EntryAgent, "agent", "agents", "email"}, read: (*overlay).readAgent,
			of:    func(s *State) *[]StateAgent { return &s.Agents },
			name:  func(a StateAgent) string { return a.Email },
			write: Agent,
			gone:  func(difference, StateAgent) (string, bool) { return leaves(": takes no more part (history is kept)") },
		},
		kind[StateTeam]{
			names: names{EntryTeam, "team", "teams", "name"}, read: (*overlay).readTeam,
			of:    func(s *State) *[]StateTeam { return &s.Teams },
			name:  func(t StateTeam) string { return t.Name },
			write: Team,
			gone:  func(d difference, t StateTeam) (string, bool) { return "", !d.kept.teams[t.ID] },
		},
		kind[StateAccount]{
			names: names{EntryAccount, "account", "accounts", "name"}, read: (*overlay).readAccount,
			of:    func(s *State) *[]StateAccount { return &s.Accounts },
			name:  func(a StateAccount) string { return a.Row.Name },
			write: func(a StateAccount) *Mapping { return writeAccount(a, specs, map[string]bool{}) },
			all: func(s *State) []*Mapping {
				used := map[string]bool{} // each variable is used once
				return mapped(s.Accounts, func(a StateAccount) *Mapping { return writeAccount(a, specs, used) })
			},
			page: func(a StateAccount, e *Entry) bool { return completeAccount(a, SpecOf(specs, a.Row.Kind), e) },
			spec: func(a StateAccount) *channels.Spec { return SpecOf(specs, a.Row.Kind) },
			gone: func(d difference, a StateAccount) (string, bool) {
				if !d.kept.accounts[a.Row.ID] {
					return leaves("")
				}
				return ": paused (its conversations are kept)", !a.Row.Paused
			},
		},
		kind[StateTemplate]{
			names: names{EntryTemplate, "template", "templates", "name"}, read: (*overlay).readTemplate,
			of:    func(s *State) *[]StateTemplate { return &s.Templates },
			name:  StateTemplate.name,
			write: func(t StateTemplate) *Mapping { return Template(t, []string{t.Account}) },
			all:   templateEntries,
			page: func(t StateTemplate, e *Entry) bool {
				e.Name = TemplateEntry(t.Account, t.Row.Language, t.Row.Name)
				return true
			},
			further: func(old, now StateTemplate) string {
				if now.NeedsSubmission(old) {
					return "handed in for approval again"
				}
				return ""
			},
			gone: func(d difference, t StateTemplate) (string, bool) {
				return ": deleted, at the provider too", d.want.Account(t.Account) != nil // otherwise the removal of its account is listed
			},
		},
		kind[store.Tag]{
			names: names{EntryTag, "tag", "tags", "name"}, read: (*overlay).readTag,
			of:     func(s *State) *[]store.Tag { return &s.Tags },
			name:   func(t store.Tag) string { return t.Name },
			write:  Tag,
			stored: (*State).StoredTag,
			gone: func(d difference, t store.Tag) (string, bool) {
				successor := d.want.TagByFormerName(t.Name)
				if successor == nil {
					return leaves(": can't be chosen any more (conversations keep it)")
				}
				return ": is " + successor.Name + " now", d.have.Tag(successor.Name) != nil // otherwise it was renamed, which is in the list
			},
		},
		kind[routing.Automation]{
			names: names{EntryAutomation, "automation", "automations", "name"}, read: (*overlay).readAutomation,
			of:    func(s *State) *[]routing.Automation { return &s.Automations },
			name:  func(a routing.Automation) string { return a.Name },
			write: Automation,
			page: func(a routing.Automation, e *Entry) bool {
				e.Sentence = a.Sentence()
				return true
			},
			further: func(old, now routing.Automation) string {
				if slices.Equal(rowsOf(Automation(old)), rowsOf(Automation(now))) && !reflect.DeepEqual(old, now) {
					return "is changed" // such as another channel of the same name
				}
				return ""
			},
			gone: func(difference, routing.Automation) (string, bool) { return leaves("") },
		},
		kind[store.Canned]{
			names: names{EntryCanned, "canned reply", "canned_replies", "keyword"}, read: (*overlay).readCanned,
			of:    func(s *State) *[]store.Canned { return &s.Canned },
			name:  func(c store.Canned) string { return c.Keyword },
			write: Canned,
			gone:  func(difference, store.Canned) (string, bool) { return leaves("") },
		},
	}
}

// namesOf returns what a kind of entries is called. Company, knowledge and roles are at the top level of the file: there is one entry,
// without a name.
func namesOf(entry string) names {
	for _, k := range kinds(nil) {
		if n := k.called(); n.entry == entry {
			return n
		}
	}
	return names{}
}

func (k kind[T]) readEntry(o *overlay, e *Group) { k.read(o, e) }

// find finds a thing by its name, or returns nil if there is none.
func (k kind[T]) find(s *State, name string) *T {
	return find(*k.of(s), func(t T) bool { return strings.EqualFold(k.name(t), name) })
}

// prune removes everything that the file's list doesn't have.
func (k kind[T]) prune(o *overlay) {
	list := k.of(o.State)
	*list = slices.DeleteFunc(*list, func(t T) bool { return o.entries.entry(k.what, k.name(t)) == nil })
}

func (k kind[T]) remove(want *State, name string) {
	list := k.of(want)
	*list = slices.DeleteFunc(*list, func(t T) bool { return strings.EqualFold(k.name(t), name) })
}

func (k kind[T]) export(s *State) []*Mapping {
	if k.all != nil {
		return k.all(s)
	}
	return mapped(*k.of(s), k.write)
}

// pages returns the entries for pages.
func (k kind[T]) pages(s *State) (entries []Entry) {
	for _, t := range *k.of(s) {
		e := entryOf(k.entry, k.write(t))
		if k.page == nil || k.page(t, &e) {
			entries = append(entries, e)
		}
	}
	return entries
}

// changes describes new, changed and removed things.
func (k kind[T]) changes(d difference) (lines []string) {
	for _, t := range *k.of(d.want) {
		old := k.find(d.have, k.name(t))
		if k.stored != nil {
			old = k.stored(d.have, t)
		}
		fields := func() []Field {
			if k.spec == nil {
				return FieldsOf(k.entry, nil)
			}
			return FieldsOf(k.entry, k.spec(t))
		}
		title := k.what + " " + k.name(t)
		if old == nil {
			lines = append(lines, describeNew(title, fields(), k.key, rowsOf(k.write(t))))
			continue
		}
		lines = append(lines, compare(title+": ", fields, rowsOf(k.write(*old)), rowsOf(k.write(t)))...)
		if k.further != nil && k.further(*old, t) != "" {
			lines = append(lines, "~ "+title+": "+k.further(*old, t))
		}
	}
	for _, t := range *k.of(d.have) {
		if k.find(d.want, k.name(t)) != nil {
			continue
		}
		if end, show := k.gone(d, t); show {
			lines = append(lines, "- "+k.what+" "+k.name(t)+end)
		}
	}
	return lines
}
