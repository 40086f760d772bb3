// Package engine applies batches of events by the use cases of the packages below it, and answers what
// surfaces ask. What it and the surfaces say to each other is in package bridge.
//
// What does not belong here: SQL (store), order and delivery (bridge/relay), HTTP, words
// and layout that people see (bot/view), and any vendor's name.
package engine
