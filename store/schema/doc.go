// Package schema brings the tables of a database to the version that this binary knows, while other
// processes work with them, and can prepare them for the version before. The migrations themselves are
// in the folder store/migrations.
//
// What does not belong here: what rows mean; that is said beside the nouns, in package store.
package schema
