// Package engine applies events, such as "Ann typed this in the thread", by calling use cases.
// It also answers the questions of surfaces, which are the chats in which agents work (Slack, Teams).
//
// The relay, which moves events in and messages out, calls the engine in three places (relay.Handler): Decode parses an
// event, Apply turns a batch of events into changed rows in one transaction, and Attempts sends what was queued. A surface
// calls the engine's Desk, and Parley's own inbox page calls its Inbox. The types that they exchange are in package bridge.
//
// What does not belong here: SQL (store), the order of events and deliveries (bridge/relay), HTTP, words and layout that
// people see (bot/view), and any vendor's name.
package engine
