// Package verb is what people see of each verb: its words, its help, its buttons, its form and its
// confirmation. Each verb has one file here and one line in the table of table.go. What the verb does
// is in bridge.
//
// What does not belong here: which verb a text is (bot/command), posts and lists (bot/view), and
// what is done (bridge).
package verb
