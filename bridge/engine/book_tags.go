package engine

import (
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// Tags holds the tags (labels) that conversations may have. Tags are compared without regard to case, and a renamed
// tag is also found by its former names: if "Invoice" was once "Bill", then "bill" is spelled "Invoice".
type Tags struct {
	*Moment
	lock func() ([]store.Tag, error) // reads all tags; until the batch is committed, no other can add any
	rows []store.Tag                 // those of the directory (a cache), or the stored ones if the batch may add a tag
	made map[string]bool             // names of tags that this batch adds or makes active again
}

func newTags(m *Moment, dir *Directory) *Tags {
	return &Tags{Moment: m, rows: dir.Tags, made: map[string]bool{}}
}

// TidyTag removes surplus spaces from a typed tag.
func TidyTag(name string) string { return strings.Join(strings.Fields(name), " ") }

// find returns the tag that has or had a name in any case, or nil. It prefers active tags, which can still be chosen,
// and exact spelling.
func (ts *Tags) find(name string) *store.Tag {
	hasName := func(t store.Tag) bool { return t.Name == name } // older databases may have several spellings of a name
	sameSpelling := func(t store.Tag) bool { return strings.EqualFold(t.Name, name) }
	hadName := func(t store.Tag) bool {
		return slices.ContainsFunc(t.Formerly, func(f string) bool { return strings.EqualFold(f, name) })
	}

	activeWhich := func(fits func(store.Tag) bool) func(store.Tag) bool {
		return func(t store.Tag) bool { return t.Active && fits(t) }
	}

	bestFirst := []func(store.Tag) bool{activeWhich(hasName), activeWhich(sameSpelling), hadName, hasName, sameSpelling}
	for _, fits := range bestFirst {
		if i := slices.IndexFunc(ts.rows, fits); i >= 0 {
			return &ts.rows[i]
		}
	}

	return nil
}

// SpellingOf returns the current spelling of a tag. An unknown name is returned as it is.
func (ts *Tags) SpellingOf(name string) string {
	if known := ts.find(name); known != nil {
		return known.Name
	}
	return name
}

// AllNamesOf returns the given names of tags and those that the tags had formerly.
func (ts *Tags) AllNamesOf(names []string) (all []string) {
	for _, name := range names {
		all = append(all, name)
		if known := ts.find(name); known != nil {
			all = append(all, known.Formerly...)
		}
	}
	return all
}

// makeIfNew returns the spelling of a tag, which it adds if it is missing, or makes active again.
func (ts *Tags) makeIfNew(name string) string {
	known := ts.find(name)
	if mayBeNew := known == nil || !known.Active; mayBeNew && ts.lock != nil && ts.Err == nil { // the directory lacks tags of a moment ago
		ts.rows, ts.Err = ts.lock()
		ts.lock, known = nil, ts.find(name)
	}
	if known == nil {
		ts.rows = append(slices.Clip(ts.rows), store.Tag{Name: name, Active: true})
		ts.made[name] = true
		return name
	}
	if !known.Active {
		ts.made[known.Name] = true
	}
	return known.Name
}

// NearTo returns an active tag that probably means the same as a new name, or "".
func (ts *Tags) NearTo(name string) string {
	if ts.find(name) != nil {
		return ""
	}
	for _, t := range ts.rows {
		if t.Active && bridge.AreNearTags(t.Name, name) {
			return t.Name
		}
	}
	return ""
}

// Leading returns the tag that a note begins with, and the rest: "#Billing refunded". A known tag may have several words. It returns ""
// if the note doesn't begin with a tag.
func (ts *Tags) Leading(note string) (tag, rest string) {
	named, ok := strings.CutPrefix(strings.TrimSpace(note), "#")
	if !ok || named == "" {
		return "", note
	}
	for _, t := range ts.rows {
		n := len(t.Name)
		isLonger := n > len(tag) && len(named) >= n && strings.EqualFold(named[:n], t.Name)
		if isLonger && t.Active && (len(named) == n || named[n] == ' ') {
			tag, rest = t.Name, named[n:]
		}
	}
	if tag == "" {
		tag, rest, _ = strings.Cut(named, " ")
		if strings.Trim(tag, "0123456789") == "" { // a conversation's number
			return "", note
		}
	}
	return tag, strings.TrimSpace(rest)
}

// SpellAndMake replaces names, in place, by the spelling of their tags, and adds the missing tags. It returns the
// names of those that this batch has added or made active again.
func (ts *Tags) SpellAndMake(names []string) (created []string) {
	for i, name := range names {
		names[i] = ts.makeIfNew(name)
		if ts.made[names[i]] {
			created = append(created, names[i])
		}
	}
	return created
}

func (ts *Tags) flush(ctx context.Context, p *store.Pipeline) error {
	var rows []store.Tag
	for name := range ts.made {
		rows = append(rows, store.Tag{Name: name, Color: TagColor(name)})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := store.InsertTags(ctx, p, rows); err != nil {
		return err
	}
	return store.BumpSettings(ctx, p)
}
