package book

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/directory"
	"parley/store"
	"parley/store/tag"
)

// Tags holds the tags that conversations may have.
type Tags struct {
	rows []store.Tag     // the directory's, or all that are stored now if the batch may make one
	made map[string]bool // tags that this batch makes
}

func newTags(dir *directory.Directory) *Tags { return &Tags{rows: dir.Tags, made: map[string]bool{}} }

// load reads all tags if the batch may make new ones, and keeps other batches from making any until it is committed: the directory
// doesn't know yet which were made a moment ago.
func (ts *Tags) load(ctx context.Context, tx pgx.Tx, wanted []string) error {
	mayBeNew := func(name string) bool {
		t := ts.find(TidyTag(name))
		return t == nil || !t.Active
	}
	if !slices.ContainsFunc(wanted, mayBeNew) {
		return nil
	}
	var err error
	ts.rows, err = tag.Lock(ctx, tx)
	return err
}

// TidyTag takes needless spaces off a typed tag.
func TidyTag(name string) string { return strings.Join(strings.Fields(name), " ") }

// find returns the tag that has a name, in upper or lower case, or that had it once. It returns nil if there is none. It
// prefers tags that can still be chosen.
func (ts *Tags) find(name string) *store.Tag {
	hasName := func(t store.Tag) bool { return t.Name == name } // an older database may have another spelling besides
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

// SpellingOf returns the name of a tag as it is spelled now. A name that no tag has or had stays as it is.
func (ts *Tags) SpellingOf(name string) string {
	if known := ts.find(name); known != nil {
		return known.Name
	}
	return name
}

// makeIfNew returns a tag's usual spelling. It makes the tag if it is new, or was taken out of the list.
func (ts *Tags) makeIfNew(name string) string {
	known := ts.find(name)
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

// SpellAndMake changes names, in place, to the spelling that their tags have already, and makes the tags that are new. It
// returns those that were made in this batch.
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
		rows = append(rows, store.Tag{Name: name, Color: directory.TagColor(name)})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tag.Insert(ctx, p, rows); err != nil {
		return err
	}
	return store.BumpSettings(ctx, p)
}
