// Package view makes the cards and forms that agents see: what they read, in which order, and with which buttons. It makes
// them from bridge.Facts, bridge.Line and bridge.Said, without the markup of any chat. Slack, Teams and the web inbox each
// render them. Each piece of text has a type, so that a renderer can escape it, localise it or make it a mention. A
// customer's words are always a literal piece or a Markdown block, never a card.
//
// What does not belong here: any vendor's syntax or limits of layout, decisions, network access, and the grammar of typed
// commands (bot/command).
package view
