// Package tidy removes what Parley no longer needs, and moves old files to an object store if there is one. It does
// so once an hour, in whichever process has the lease.
//
// What does not belong here: which rows a statement removes (store/retention, store/blob), and erasing a customer on
// somebody's demand (store/erase).
package tidy
