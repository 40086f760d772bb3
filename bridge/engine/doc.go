// Package engine holds the use cases of the helpdesk, one per file: what happens when a
// customer writes, an agent replies, notes, assigns, tags, snoozes or resolves. What it
// and the surfaces say to each other is in package bridge.
//
// What does not belong here: SQL (store), order and delivery (bridge/relay), HTTP, words
// and layout that people see (bot/view), and any vendor's name.
package engine
