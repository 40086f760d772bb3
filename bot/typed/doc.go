// Package typed parses what people type into the fields of a form or after a verb, as in "tag refund": addresses, telephone
// numbers, tags, places, and the pieces of buttons, lists and cards.
//
// What does not belong here: which verb a text asks for (bot/command), and what a verb does (bridge).
package typed
