// Package engine applies batches of events by the use cases of the packages below it, and answers what surfaces ask.
//
// The relay calls it in three places (relay.Handler): Decode reads what an event says, Apply turns a batch of events into changed rows
// in one transaction, and Attempts sends what was queued. A surface asks by its Desk, Parley's own inbox page by the Inbox. What the
// engine and the surfaces say to each other is in package bridge.
//
// What does not belong here: SQL (store), order and delivery (bridge/relay), HTTP, words
// and layout that people see (bot/view), and any vendor's name.
package engine
