// Package bridge defines what surfaces and the engine exchange: Action (what a
// person asked for), Post with its Facts, Line and Mark (what is shown), Surface (a chat
// platform, as the engine uses it), Desk (the engine, as a surface uses it), and the
// Settings that accounts choose.
//
// What does not belong here: the use cases (bridge/engine), order and delivery
// (bridge/relay), SQL (store), words and layout that people see (bot/view), and any
// vendor's name.
package bridge
