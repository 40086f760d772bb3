// Package shape is what cards and forms are made of: blocks, pieces, buttons and fields, and the
// words for people, places and times that all of them share.
//
// What does not belong here: which verbs there are (bot/verb), what a post says (bot/view), and how
// a surface draws it.
package shape
