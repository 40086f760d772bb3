// Package typed reads what people type into fields and behind verbs: addresses, telephone
// numbers, tags, places, and the pieces of buttons, lists and cards.
//
// What does not belong here: which verb a text is (bot/command), and what is done with it (bridge).
package typed
