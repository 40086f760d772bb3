package engine

import (
	"maps"
	"slices"
	"time"

	"parley/store"
)

// A Book holds the rows that one batch (one database transaction) reads and changes. It keeps each table's rows in a map
// by id. This file has what those maps need: keys, and functions that visit the rows in a fixed order. Go's maps have a
// random order, but two transactions that write the same rows must do so in the same order. Otherwise each could wait
// for a row that the other has locked.

// NameKey identifies a record by the account that it belongs to and a name that is unique within that account. It is for
// records whose database id isn't known yet. For example, the account support-mail has a customer with the name
// "carla@example.com", and a message whose name is its Message-ID.
type NameKey struct {
	Account store.AccountID
	Name    string
}

// DayKey returns the key of the day that t is in, by UTC: "2026-11-22". It identifies what exists once a day.
func DayKey(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// SortedKeys returns the keys of a map in ascending order.
func SortedKeys[K ~int64, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// sortedUnique returns ids in ascending order, without duplicates and without 0, which stands for "no row". It does not
// change the list that it is given.
func sortedUnique[K ~int64](ids []K) []K {
	unique := slices.Clone(ids)
	slices.Sort(unique)
	unique = slices.Compact(unique)
	return slices.DeleteFunc(unique, func(id K) bool { return id == 0 })
}

// newAndChanged returns the rows that a batch has to insert and those that it has to update, each in ascending order of
// their ids. It leaves out entries that were only read.
//
// rowOf returns an entry's row. isNew reports that the batch has made the row, and isChanged that the batch has changed
// a row of the database.
func newAndChanged[K ~int64, E, R any](entries map[K]E, rowOf func(E) (row R, isNew, isChanged bool)) (inserts, updates []R) {
	for _, id := range SortedKeys(entries) {
		row, isNew, isChanged := rowOf(entries[id])
		switch {
		case isNew:
			inserts = append(inserts, row)
		case isChanged:
			updates = append(updates, row)
		}
	}
	return inserts, updates
}
