// Package tidy removes what Parley no longer needs, once an hour and in one of all processes, and moves old files to an
// object store.
//
// What does not belong here: which rows a statement removes (store/retention, store/blob), and what is erased because a
// person asked for it (store/erase).
package tidy
