// Package shape defines the elements of cards and forms: blocks, pieces, buttons and fields. It also has
// the words for people, places and times that all cards and forms share.
//
// What does not belong here: which verbs there are (bot/verb), what a post says (bot/view), and how
// a surface draws it.
package shape
