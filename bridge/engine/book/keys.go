package book

import (
	"maps"
	"slices"
	"time"

	"parley/store"
)

// Keys gives the keys of a map in order.
func Keys[K ~int64, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}

// written gives the rows that a holder has to insert and to update, in the order of their ids. row gives
// an entry's row, and says whether it is new or was changed.
func written[K ~int64, E, R any](entries map[K]E, row func(E) (r R, fresh, dirty bool)) (inserted, updated []R) {
	for _, id := range Keys(entries) {
		switch r, fresh, dirty := row(entries[id]); {
		case fresh:
			inserted = append(inserted, r)
		case dirty:
			updated = append(updated, r)
		}
	}
	return inserted, updated
}

// compact sorts, removes doubles and zeros.
func compact[K ~int64](list []K) []K {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == 0 {
		list = list[1:]
	}
	return list
}

// UserKey names a person, or another thing of an account, by the name that it has there.
type UserKey struct {
	Account store.AccountID
	User    string
}

// OrZero gives the time, or the zero time for nil.
func OrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Day names the day of a time, in UTC: 2026-11-22.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
