// Package view turns facts (bridge.Facts, bridge.Line, bridge.Said) into neutral
// cards and forms: what people read, in which order, with which buttons. Each
// thing is defined once here and rendered by every surface. Pieces of text carry
// their type, so that a renderer can escape, localise and mention; what a
// customer wrote is always a literal piece or a Markdown block, never a card.
//
// What does not belong here: any vendor's syntax or limits of layout, decisions,
// network, and the grammar of typed commands (bot/command).
package view
