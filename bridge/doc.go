// Package bridge holds the use cases of the helpdesk, one per file: what happens
// when a customer writes, an agent replies, notes, assigns, tags, snoozes or
// resolves. It defines what surfaces and the engine say to each other: Action
// (what a person asked for), Post (facts to show) and Surface.
//
// What does not belong here: SQL (store), order and delivery (bridge/relay), HTTP,
// words and layout that people see (bot/view), and any vendor's name.
package bridge
