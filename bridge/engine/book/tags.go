package book

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/directory"
	"parley/store"
)

// Tags holds the tags that conversations may have.
type Tags struct {
	rows []store.Tag     // the directory's, or all that are stored now if the batch may make one
	made map[string]bool // tags that this batch makes
}

func newTags(dir *directory.Directory) *Tags { return &Tags{rows: dir.Tags, made: map[string]bool{}} }

// load reads all tags where the batch may make new ones, and keeps other batches from making any
// until it is committed: the directory doesn't know yet which were made a moment ago.
func (ts *Tags) load(ctx context.Context, tx pgx.Tx, wanted []string) error {
	if !slices.ContainsFunc(wanted, func(name string) bool { return ts.find(TidyTag(name)) == "" }) {
		return nil
	}
	var err error
	ts.rows, err = store.LockTags(ctx, tx)
	return err
}

// TidyTag takes needless spaces off a typed tag.
func TidyTag(name string) string { return strings.Join(strings.Fields(name), " ") }

// find gives a tag's usual spelling; "" = there is no such tag.
func (ts *Tags) find(name string) string {
	found := ""
	for _, t := range ts.rows {
		switch {
		case t.Name == name: // an older database may have another spelling besides
			return name
		case found == "" && strings.EqualFold(t.Name, name):
			found = t.Name
		}
	}
	return found
}

// known gives a tag's usual spelling, or makes the tag.
func (ts *Tags) known(name string) string {
	if known := ts.find(name); known != "" {
		return known
	}
	ts.rows = append(slices.Clip(ts.rows), store.Tag{Name: name})
	ts.made[name] = true
	return name
}

// Spell gives tags the spelling that they have already, and makes those that are new. It returns those
// that were made in this batch.
func (ts *Tags) Spell(names []string) (created []string) {
	for i, name := range names {
		names[i] = ts.known(name)
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
	if err := store.InsertTags(ctx, p, rows); err != nil {
		return err
	}
	return store.BumpSettings(ctx, p)
}
