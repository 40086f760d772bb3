// Package verb is what people see of each verb: its words, its help, its buttons, its form and its
// confirmation. A verb is one file here and one line in the table of table.go; what it does is one
// file in bridge.
//
// What does not belong here: which verb a text is (bot/command), posts and lists (bot/view), and
// what is done (bridge).
package verb
