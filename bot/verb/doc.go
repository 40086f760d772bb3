// Package verb describes what people see of each verb, such as "snooze" or "resolve": the words that they type, its help,
// its buttons, its form and its confirmation. Each verb has one file here and one line in the table of table.go.
//
// What does not belong here: which verb a typed text asks for (command_*.go), posts and lists (bot/view), and what a verb
// does (bridge).
package verb
