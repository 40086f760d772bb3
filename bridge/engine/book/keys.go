package book

import (
	"maps"
	"slices"
	"time"

	"parley/store"
)

// SortedKeys returns the keys of a map in ascending order, so that work on them has the same order in each process.
func SortedKeys[K ~int64, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// newAndChanged returns the rows that a holder has to insert and those that it has to update, in the order of their ids. row
// returns an entry's row, and whether it is new (fresh) or was changed (dirty).
func newAndChanged[K ~int64, E, R any](entries map[K]E, row func(E) (r R, fresh, dirty bool)) (inserted, updated []R) {
	for _, id := range SortedKeys(entries) {
		r, fresh, dirty := row(entries[id])
		if fresh {
			inserted = append(inserted, r)
		} else if dirty {
			updated = append(updated, r)
		}
	}
	return inserted, updated
}

// sortedUnique returns the ids in ascending order, each once and without 0.
func sortedUnique[K ~int64](list []K) []K {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == 0 {
		list = list[1:]
	}
	return list
}

// NameKey names something of an account by the name that it has there: a customer by the key, a message by the provider's id, a thread
// in which mails are sorted by its day.
type NameKey struct {
	Account store.AccountID
	Name    string
}

// OrZero returns the time, or the zero time for nil.
func OrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Day returns the day of a time, in UTC: "2026-11-22".
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
