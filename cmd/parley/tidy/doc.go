// Package tidy removes data that Parley no longer needs, and moves old files to an object store if there is one. It runs
// once an hour. If several processes share the database, a lease ensures that only one of them does it.
//
// What does not belong here: which rows a statement removes (store/retention, store/blob), and erasing a customer on
// request (store/erase).
package tidy
